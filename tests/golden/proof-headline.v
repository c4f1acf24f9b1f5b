(*
   One ( *sample* ) and 'no' answer

   Network: 1 inputs, then 1 relu, 1 linear.
   Loss: mean squared error, as torch.nn.MSELoss. Derivative at a kink: as PyTorch has it.
   Samples asked for: 1. Proved here, by cases and polynomial identities:
   what the theorem asks holds of no parameters and no dataset of M samples, for M = 1.
   Of other M nothing is proved here.

   Indices count from 0: w1_0_1 is entry [0,1] of w1, z1_2_0 the pre-activation of unit 0 of layer 1
   at sample 2, dL_dw1_0_1 the derivative of the loss by w1_0_1. Each theorem stands in a module
   Samples_M, and holds for all real numbers that are its variables. The modules Tools and Algebra_M
   are part of the proof, and not of what is proved.

   Problem: sha256:77d34ec3a54efe17addd26ec90512bf54426c2d64fa530deb4369489ee31cd68
*)

From Coq Require Import Reals Lra Lia ZArith.
Local Open Scope R_scope.

(* Lemmas on real numbers. *)

Module Tools.

(* What is not 0 is not 0. *)
Lemma contradiction (l r : R) : l = r -> l <> 0 -> r = 0 -> False.
Proof. intros E N Z. apply N. rewrite E. exact Z. Qed.

Lemma zero_sum (a b : R) : a = 0 -> b = 0 -> a + b = 0.
Proof. intros A B. rewrite A, B. ring. Qed.

Lemma zero_product (c p : R) : p = 0 -> c * p = 0.
Proof. intros P. rewrite P. ring. Qed.

Lemma positive_nonzero (p : R) : 0 < p -> p <> 0.
Proof. intros P E. rewrite E in P. exact (Rlt_irrefl 0 P). Qed.

Lemma nonzero_square (p : R) : p <> 0 -> 0 < p * p.
Proof. exact (Rsqr_pos_lt p). Qed.

Lemma square (p : R) : 0 <= p * p.
Proof. exact (Rle_0_sqr p). Qed.

Lemma trichotomy (p q : R) : q = - p -> 0 < q \/ p = 0 \/ 0 < p.
Proof.
  intros E. rewrite E. destruct (Rtotal_order p 0) as [L|[Z|G]].
  - left. apply Ropp_0_gt_lt_contravar. exact L.
  - right. left. exact Z.
  - right. right. exact G.
Qed.

(* A fact about a and b is one about a polynomial p, up to positive factors. *)
Lemma cancel (d h p u : R) : 0 < h -> d * u = h * p -> u = 0 -> p = 0.
Proof.
  intros H E U. rewrite U, Rmult_0_r in E. symmetry in E.
  destruct (Rmult_integral _ _ E) as [Z|Z]; [|exact Z].
  rewrite Z in H. destruct (Rlt_irrefl 0 H).
Qed.

Lemma cancel_nonzero (d h p u : R) : 0 < d -> d * u = h * p -> u <> 0 -> p <> 0.
Proof.
  intros D E U Z. rewrite Z, Rmult_0_r in E.
  destruct (Rmult_integral _ _ E) as [Y|Y]; [|exact (U Y)].
  rewrite Y in D. exact (Rlt_irrefl 0 D).
Qed.

Lemma cancel_positive (d h p u : R) : 0 < d -> 0 < h -> d * u = h * p -> 0 < u -> 0 < p.
Proof.
  intros D H E U. apply (Rmult_lt_reg_l h); [exact H|].
  rewrite Rmult_0_r, <- E. apply Rmult_lt_0_compat; assumption.
Qed.

Lemma cancel_nonnegative (d h p u : R) : 0 < d -> 0 < h -> d * u = h * p -> 0 <= u -> 0 <= p.
Proof.
  intros D H E U. apply (Rmult_le_reg_l h); [exact H|].
  rewrite Rmult_0_r, <- E. apply Rmult_le_pos; [apply Rlt_le|]; assumption.
Qed.

Lemma of_eq (d h p a b : R) : 0 < d -> 0 < h -> d * (a - b) = h * p -> a = b -> p = 0.
Proof. intros _ H E A. apply (cancel d h p (a - b) H E). rewrite A. ring. Qed.

Lemma of_ne (d h p a b : R) : 0 < d -> 0 < h -> d * (a - b) = h * p -> a <> b -> p <> 0.
Proof. intros D _ E A. apply (cancel_nonzero d h p (a - b) D E). apply Rminus_eq_contra. exact A. Qed.

Lemma of_gt (d h p a b : R) : 0 < d -> 0 < h -> d * (a - b) = h * p -> a > b -> 0 < p.
Proof. intros D H E A. apply (cancel_positive d h p (a - b) D H E). apply Rlt_Rminus. exact A. Qed.

Lemma of_ge (d h p a b : R) : 0 < d -> 0 < h -> d * (a - b) = h * p -> a >= b -> 0 <= p.
Proof.
  intros D H E A. apply (cancel_nonnegative d h p (a - b) D H E). apply Rge_le, Rge_minus. exact A.
Qed.

Lemma of_lt (d h p a b : R) : 0 < d -> 0 < h -> d * (b - a) = h * p -> a < b -> 0 < p.
Proof. intros D H E A. exact (of_gt d h p b a D H E A). Qed.

Lemma of_le (d h p a b : R) : 0 < d -> 0 < h -> d * (b - a) = h * p -> a <= b -> 0 <= p.
Proof. intros D H E A. exact (of_ge d h p b a D H E (Rle_ge _ _ A)). Qed.

Lemma ratio (n d : Z) : (0 < n)%Z -> (0 < d)%Z -> 0 < IZR n / IZR d.
Proof. intros N D. apply Rdiv_lt_0_compat; apply IZR_lt; assumption. Qed.

Lemma rest (p q : R) : p = q + (p - q).
Proof. ring. Qed.

Lemma target (r p y : R) : r = p - y -> y = p - r.
Proof. intros E. rewrite E. ring. Qed.

(* Orders of real numbers are decided, and so is what is made of them. *)
Lemma yes_or_no (A : Prop) : {A} + {~ A} -> A \/ ~ A.
Proof. intros [Y|N]; [left|right]; assumption. Qed.

Lemma decide_eq (a b : R) : a = b \/ ~ a = b.
Proof. exact (Req_dec a b). Qed.

Lemma decide_ne (a b : R) : a <> b \/ ~ a <> b.
Proof. destruct (Req_dec a b) as [E|N]; [right; intros N; exact (N E)|left; exact N]. Qed.

Lemma decide_lt (a b : R) : a < b \/ ~ a < b.
Proof. exact (yes_or_no _ (Rlt_dec a b)). Qed.

Lemma decide_le (a b : R) : a <= b \/ ~ a <= b.
Proof. exact (yes_or_no _ (Rle_dec a b)). Qed.

Lemma decide_gt (a b : R) : a > b \/ ~ a > b.
Proof. exact (yes_or_no _ (Rgt_dec a b)). Qed.

Lemma decide_ge (a b : R) : a >= b \/ ~ a >= b.
Proof. exact (yes_or_no _ (Rge_dec a b)). Qed.

Lemma decide_and (A B : Prop) : A \/ ~ A -> B \/ ~ B -> (A /\ B) \/ ~ (A /\ B).
Proof. tauto. Qed.

Lemma decide_or (A B : Prop) : A \/ ~ A -> B \/ ~ B -> (A \/ B) \/ ~ (A \/ B).
Proof. tauto. Qed.

Lemma decide_not (A : Prop) : A \/ ~ A -> ~ A \/ ~ ~ A.
Proof. tauto. Qed.

Lemma not_and (A B : Prop) : ~ (A /\ B) -> A \/ ~ A -> ~ A \/ ~ B.
Proof. tauto. Qed.

Lemma not_not (A : Prop) : ~ ~ A -> A \/ ~ A -> A.
Proof. tauto. Qed.

Lemma not_ne (a b : R) : ~ a <> b -> a = b.
Proof. intros N. exact (not_not _ N (Req_dec a b)). Qed.

(* Absolute, least and greatest values. *)
Lemma abs_above (m a : R) : m = Rabs a -> m >= a.
Proof. intros E. rewrite E. apply Rle_ge, Rle_abs. Qed.

Lemma abs_below (m a : R) : m = Rabs a -> m >= - a.
Proof. intros E. rewrite E, <- Rabs_Ropp. apply Rle_ge, Rle_abs. Qed.

Lemma abs_is (m a : R) : m = Rabs a -> m = a \/ m = - a.
Proof. intros E. rewrite E. unfold Rabs. destruct (Rcase_abs a); [right|left]; reflexivity. Qed.

Lemma max_head (a b : R) : Rmax a b >= a.
Proof. apply Rle_ge, Rmax_l. Qed.

Lemma max_tail (a b c : R) : b >= c -> Rmax a b >= c.
Proof. intros G. apply (Rge_trans _ b); [apply Rle_ge, Rmax_r|exact G]. Qed.

Lemma max_is (m a b : R) : m = Rmax a b -> m = a \/ m = b.
Proof. intros E. rewrite E. unfold Rmax. destruct (Rle_dec a b); [right|left]; reflexivity. Qed.

Lemma min_head (a b : R) : a >= Rmin a b.
Proof. apply Rle_ge, Rmin_l. Qed.

Lemma min_tail (a b c : R) : c >= b -> c >= Rmin a b.
Proof. intros G. apply (Rge_trans _ b); [exact G|apply Rle_ge, Rmin_r]. Qed.

Lemma min_is (m a b : R) : m = Rmin a b -> a = m \/ m = b.
Proof. intros E. rewrite E. unfold Rmin. destruct (Rle_dec a b); [left|right]; reflexivity. Qed.

Lemma quotient (m a b : R) : m = a / b -> b <> 0 -> m * b = a.
Proof. intros E N. rewrite E. field. exact N. Qed.

Ltac equation := first [ ring | field ].

End Tools.

(* Activations, with the derivative that is taken at a kink. *)

Definition relu (z : R) : R :=
  if Rle_dec z 0 then 0
  else z.

Definition relu' (z : R) : R :=
  if Rle_dec z 0 then 0
  else 1.

Lemma relu_linear (z : R) : relu z = relu' z * z.
Proof.
  unfold relu, relu';
  repeat match goal with
    | |- context [Rle_dec z ?k] => destruct (Rle_dec z k)
    | |- context [Rlt_dec z ?k] => destruct (Rlt_dec z k)
    end;
  lra.
Qed.

Lemma relu_sides (z : R) :
  ((relu' z = 0 /\ z <= 0) \/ (relu' z = 1 /\ z > 0)).
Proof.
  intros;
  destruct (Rtotal_order z 0) as [?|[?|?]]; try contradiction;
  unfold relu, relu';
  repeat match goal with
    | |- context [Rle_dec z ?k] => destruct (Rle_dec z k)
    | |- context [Rlt_dec z ?k] => destruct (Rlt_dec z k)
    end;
  first [ left; repeat split; lra | right; repeat split; lra ].
Qed.

(* The proof for M = 1. *)

Module Algebra_1.

Lemma leaf_0 :
  forall s1_0_0 r_0_0 w2_0_0 : R,
  r_0_0 * s1_0_0 * w2_0_0 <> 0 ->
  s1_0_0 = 0 ->
  False.
Proof.
intros s1_0_0 r_0_0 w2_0_0 A1 A2.
subst s1_0_0.
refine (Tools.contradiction _ _ _
    (Rmult_integral_contrapositive_currified _ _ (A1) (Tools.positive_nonzero _ (IZR_lt 0 1 eq_refl)))
    (eq_refl (0 : R))).
ring.
Qed.

Lemma leaf_1 :
  forall s1_0_0 r_0_0 w2_0_0 : R,
  r_0_0 = 0 ->
  r_0_0 * s1_0_0 * w2_0_0 <> 0 ->
  s1_0_0 = 1 ->
  False.
Proof.
intros s1_0_0 r_0_0 w2_0_0 A1 A2 A3.
subst s1_0_0.
refine (Tools.contradiction _ _ _
    (Rmult_integral_contrapositive_currified _ _ (A2) (Tools.positive_nonzero _ (IZR_lt 0 1 eq_refl)))
    (Tools.zero_product (w2_0_0) _ A1)).
ring.
Qed.

Lemma refuted :
  forall s1_0_0 b1_0 r_0_0 w1_0_0 x_0_0 w2_0_0 : R,
  ((s1_0_0 = 0 /\ 0 <= - w1_0_0 * x_0_0 - b1_0) \/ (s1_0_0 = 1 /\ 0 < w1_0_0 * x_0_0 + b1_0)) ->
  r_0_0 * s1_0_0 * w2_0_0 <> 0 ->
  r_0_0 = 0 ->
  False.
Proof.
intros s1_0_0 b1_0 r_0_0 w1_0_0 x_0_0 w2_0_0 H6 H5 H3.
destruct H6 as [[H7 H8]|[H9 H10]].
{
 exact (leaf_0 s1_0_0 r_0_0 w2_0_0 H5 H7).
}
{
 exact (leaf_1 s1_0_0 r_0_0 w2_0_0 H3 H5 H9).
}
Qed.

Lemma bridge :
  forall w1_0_0 b1_0 w2_0_0 b2_0 x_0_0 y_0_0 s1_0_0 z1_0_0 a1_0_0 z2_0_0 a2_0_0 y_hat_0_0 r_0_0 loss
  dL_dy_hat_0_0 dL_dz2_0_0 dL_da1_0_0 dL_dz1_0_0 dL_dw1_0_0 dL_db1_0 dL_dw2_0_0 dL_db2_0 : R,
  z1_0_0 = w1_0_0 * x_0_0 + b1_0 ->
  a1_0_0 = s1_0_0 * z1_0_0 ->
  z2_0_0 = w2_0_0 * a1_0_0 + b2_0 ->
  a2_0_0 = z2_0_0 ->
  y_hat_0_0 = a2_0_0 ->
  r_0_0 = y_hat_0_0 - y_0_0 ->
  loss = 1 / 1 * (r_0_0 ^ 2) ->
  dL_dy_hat_0_0 = 2 / 1 * r_0_0 ->
  dL_dz2_0_0 = dL_dy_hat_0_0 ->
  dL_da1_0_0 = dL_dz2_0_0 * w2_0_0 ->
  dL_dz1_0_0 = dL_da1_0_0 * s1_0_0 ->
  dL_dw1_0_0 = dL_dz1_0_0 * x_0_0 ->
  dL_db1_0 = dL_dz1_0_0 ->
  dL_dw2_0_0 = dL_dz2_0_0 * a1_0_0 ->
  dL_db2_0 = dL_dz2_0_0 ->
  (((s1_0_0 = 0 /\ z1_0_0 <= 0) \/ (s1_0_0 = 1 /\ z1_0_0 > 0))) ->
  ~ (dL_dw2_0_0 = 0 /\
     dL_db2_0 = 0 /\
     dL_dw1_0_0 <> 0 /\
     dL_db1_0 <> 0).
Proof.
intros w1_0_0 b1_0 w2_0_0 b2_0 x_0_0 y_0_0 s1_0_0 z1_0_0 a1_0_0 z2_0_0 a2_0_0 y_hat_0_0 r_0_0 loss
  dL_dy_hat_0_0 dL_dz2_0_0 dL_da1_0_0 dL_dz1_0_0 dL_dw1_0_0 dL_db1_0 dL_dw2_0_0 dL_db2_0.
intros E. subst z1_0_0.
intros E. subst a1_0_0.
intros E. subst z2_0_0.
intros E. subst a2_0_0.
intros E. subst y_hat_0_0.
intros E. apply Tools.target in E. subst y_0_0.
intros E. subst loss.
intros E. subst dL_dy_hat_0_0.
intros E. subst dL_dz2_0_0.
intros E. subst dL_da1_0_0.
intros E. subst dL_dz1_0_0.
intros E. subst dL_dw1_0_0.
intros E. subst dL_db1_0.
intros E. subst dL_dw2_0_0.
intros E. subst dL_db2_0.
intros K1_0_0.
intros Q.
destruct Q as [Q0 [Q1 [Q2 Q3]]].
assert (H12 : r_0_0 = 0).
{
 refine (Tools.of_eq 1 (2 / 1) _ _ _ (IZR_lt 0 1 eq_refl) (Tools.ratio 2 1 eq_refl eq_refl) _ Q1).
 all: Tools.equation.
}
assert (H14 : r_0_0 * s1_0_0 * w2_0_0 <> 0).
{
 refine (Tools.of_ne 1 (2 / 1) _ _ _ (IZR_lt 0 1 eq_refl) (Tools.ratio 2 1 eq_refl eq_refl) _ Q3).
 all: Tools.equation.
}
assert (H15 : ((s1_0_0 = 0 /\ 0 <= - w1_0_0 * x_0_0 - b1_0) \/ (s1_0_0 = 1 /\ 0 < w1_0_0 * x_0_0 + b1_0))).
{
 destruct K1_0_0 as [[V0_0 V0_1]|[V1_0 V1_1]].
 { left; refine (conj _ _).
   { exact V0_0. }
   { refine (Tools.of_le 1 (1) _ _ _ (IZR_lt 0 1 eq_refl) (Rlt_0_1) _ V0_1). all: Tools.equation. }
 }
 { right; refine (conj _ _).
   { exact V1_0. }
   { refine (Tools.of_gt 1 (1) _ _ _ (IZR_lt 0 1 eq_refl) (Rlt_0_1) _ V1_1). all: Tools.equation. }
 }
}
exact (refuted s1_0_0 b1_0 r_0_0 w1_0_0 x_0_0 w2_0_0 H15 H14 H12).
Qed.

End Algebra_1.

(* The claim for M = 1. *)

Module Samples_1.
Section Dataset.

(* Parameters, inputs and targets. *)
Variables w1_0_0 b1_0 w2_0_0 b2_0 x_0_0 y_0_0 : R.

(* Forward pass: pre-activations z, activations a, residuals r; the loss. *)
Definition z1_0_0 : R := w1_0_0 * x_0_0 + b1_0.
Definition a1_0_0 : R := relu z1_0_0.
Definition z2_0_0 : R := w2_0_0 * a1_0_0 + b2_0.
Definition a2_0_0 : R := z2_0_0.
Definition y_hat_0_0 : R := a2_0_0.
Definition r_0_0 : R := y_hat_0_0 - y_0_0.
Definition loss : R := 1 / 1 * (r_0_0 ^ 2).

(* Backward pass: derivatives of the loss by the chain rule. *)
Definition dL_dy_hat_0_0 : R := 2 / 1 * r_0_0.
Definition dL_dz2_0_0 : R := dL_dy_hat_0_0.
Definition dL_da1_0_0 : R := dL_dz2_0_0 * w2_0_0.
Definition dL_dz1_0_0 : R := dL_da1_0_0 * relu' z1_0_0.
Definition dL_dw1_0_0 : R := dL_dz1_0_0 * x_0_0.
Definition dL_db1_0 : R := dL_dz1_0_0.
Definition dL_dw2_0_0 : R := dL_dz2_0_0 * a1_0_0.
Definition dL_db2_0 : R := dL_dz2_0_0.

Theorem no_answer_1 :
  ~ (
    (* zero *)
    dL_dw2_0_0 = 0 /\
    dL_db2_0 = 0 /\
    (* nonzero *)
    dL_dw1_0_0 <> 0 /\
    dL_db1_0 <> 0
  ).
Proof.
exact (Algebra_1.bridge w1_0_0 b1_0 w2_0_0 b2_0 x_0_0 y_0_0 (relu' z1_0_0) z1_0_0 a1_0_0 z2_0_0
  a2_0_0 y_hat_0_0 r_0_0 loss dL_dy_hat_0_0 dL_dz2_0_0 dL_da1_0_0 dL_dz1_0_0 dL_dw1_0_0 dL_db1_0
  dL_dw2_0_0 dL_db2_0 eq_refl (relu_linear z1_0_0) eq_refl eq_refl eq_refl eq_refl eq_refl eq_refl
  eq_refl eq_refl eq_refl eq_refl eq_refl eq_refl eq_refl (relu_sides z1_0_0)).
Qed.

End Dataset.
End Samples_1.

Print Assumptions Samples_1.no_answer_1.
