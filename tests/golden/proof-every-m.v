(*
   A question about gradients that vanish

   Network: 1 inputs, then 1 relu, 1 linear.
   Loss: mean squared error, as torch.nn.MSELoss. Derivative at a kink: as PyTorch has it.
   Samples asked for: any. Proved here, by cases and polynomial identities:
   what the theorem asks holds of no parameters and no dataset, for every number M of its samples.

   Indices count from 0: w1_0_1 is entry [0,1] of w1, z1_0 p the pre-activation of unit 0 of layer 1
   at a sample p, dL_dw1_0_1 the derivative of the loss by w1_0_1. The theorem stands in the module
   Datasets, and holds for all real numbers and lists of samples that are its variables. The modules
   Tools, Sums and Algebra are part of the proof, and not of what is proved.

   Problem: sha256:ec39b72c0f0965570da3b31843aa61f645ab0360de7910583030628f42b3e29f
*)

From Coq Require Import List Reals Lra Lia ZArith.
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

Module Sums.

Lemma mean (A : Type) (data : list A) (k : Z) :
  data <> nil -> (0 < k)%Z -> 0 < 2 / (INR (length data) * IZR k).
Proof.
  intros N K. apply Rdiv_lt_0_compat; [lra|]. apply Rmult_lt_0_compat; [|exact (IZR_lt 0 k K)].
  apply lt_0_INR. destruct data as [|p rest]; [destruct (N eq_refl)|simpl; lia].
Qed.

(* On a kink, where the derivative that is taken is not the slope. *)
Lemma on_kink (a s z k slope offset : R) :
  a = s * z -> z = k -> s * k = slope * k + offset -> a = slope * z + offset.
Proof. intros A Z E. rewrite A, Z. exact E. Qed.

Lemma degenerate (d r z k p q : R) : p = 0 -> z = k -> q = p + r * (d * (z - k)) -> q = 0.
Proof. intros P Z Q. rewrite Q, P, Z. ring. Qed.

End Sums.

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

(* The proof for every M. *)

Module Algebra.

Lemma leaf_0 :
  forall S0_0 S1_0 w2_0_0 : R,
  S1_0 + S0_0 = 0 ->
  S1_0 * w2_0_0 <> 0 ->
  S0_0 = 0 ->
  False.
Proof.
intros S0_0 S1_0 w2_0_0 A1 A2 A3.
subst S0_0.
refine (Tools.contradiction _ _ _
    (Rmult_integral_contrapositive_currified _ _ (A2) (Tools.positive_nonzero _ (IZR_lt 0 1 eq_refl)))
    (Tools.zero_product (w2_0_0) _ A1)).
ring.
Qed.

Lemma leaf_1 :
  forall b1_0 w1_0_0 x0_0 : R,
  0 <= - w1_0_0 * x0_0 - b1_0 ->
  0 < w1_0_0 * x0_0 + b1_0 ->
  False.
Proof.
intros b1_0 w1_0_0 x0_0 A1 A2.
refine (Tools.contradiction _ _ _
    (Tools.positive_nonzero _ (Rplus_le_lt_0_compat _ _ (Rmult_le_pos _ _ (Rlt_le _ _ (IZR_lt 0 1 eq_refl)) (pow_le _ 1 A1)) (Rmult_lt_0_compat _ _ (IZR_lt 0 1 eq_refl) (pow_lt _ 1 A2))))
    (eq_refl (0 : R))).
ring.
Qed.

Lemma refuted :
  forall S0_0 V0_0_0 S1_0 w2_0_0 b1_0 w1_0_0 x0_0 : R,
  ((S0_0 = 0 /\ V0_0_0 = 0) \/ (0 <= - w1_0_0 * x0_0 - b1_0 /\ 0 < w1_0_0 * x0_0 + b1_0)) ->
  S1_0 + S0_0 = 0 ->
  S1_0 * w2_0_0 <> 0 ->
  False.
Proof.
intros S0_0 V0_0_0 S1_0 w2_0_0 b1_0 w1_0_0 x0_0 H3 H1 H2.
destruct H3 as [[H5 H6]|[H7 H8]].
{
 exact (leaf_0 S0_0 S1_0 w2_0_0 H1 H2 H5).
}
{
 exact (leaf_1 b1_0 w1_0_0 x0_0 H7 H8).
}
Qed.

Definition state (w1_0_0 b1_0 w2_0_0 b2_0 h g_b1_0 g_b2_0 : R) : Prop :=
  exists S0_0 V0_0_0 S1_0 V1_0_0 : R,
  g_b1_0 = h * (S1_0 * w2_0_0) /\
  g_b2_0 = h * (S1_0 + S0_0) /\
  ((S0_0 = 0 /\ V0_0_0 = 0) \/ exists x0_0 : R, (0 <= - w1_0_0 * x0_0 - b1_0 /\ 0 < w1_0_0 * x0_0 + b1_0)).

Lemma none (w1_0_0 b1_0 w2_0_0 b2_0 h : R) : state w1_0_0 b1_0 w2_0_0 b2_0 h 0 0.
Proof.
unfold state.
exists 0, 0, 0, 0.
refine (conj _ (conj _ _)).
{ Tools.equation. }
{ Tools.equation. }
{ left. exact (conj eq_refl eq_refl). }
Qed.

Lemma one :
  forall w1_0_0 b1_0 w2_0_0 b2_0 h g_b1_0 g_b2_0 x_0 r_0 s1_0 z1_0 a1_0 z2_0 a2_0 y_hat_0
  dL_dy_hat_0 dL_dz2_0 dL_da1_0 dL_dz1_0 : R,
  state w1_0_0 b1_0 w2_0_0 b2_0 h g_b1_0 g_b2_0 ->
  z1_0 = w1_0_0 * x_0 + b1_0 ->
  a1_0 = s1_0 * z1_0 ->
  z2_0 = w2_0_0 * a1_0 + b2_0 ->
  a2_0 = z2_0 ->
  y_hat_0 = a2_0 ->
  dL_dy_hat_0 = h * r_0 ->
  dL_dz2_0 = dL_dy_hat_0 ->
  dL_da1_0 = dL_dz2_0 * w2_0_0 ->
  dL_dz1_0 = dL_da1_0 * s1_0 ->
  (((s1_0 = 0 /\ z1_0 <= 0) \/ (s1_0 = 1 /\ z1_0 > 0))) ->
  z1_0 > 0 ->
  state w1_0_0 b1_0 w2_0_0 b2_0 h (dL_dz1_0 + g_b1_0) (dL_dz2_0 + g_b2_0).
Proof.
intros w1_0_0 b1_0 w2_0_0 b2_0 h g_b1_0 g_b2_0 x_0 r_0 s1_0 z1_0 a1_0 z2_0 a2_0 y_hat_0 dL_dy_hat_0
  dL_dz2_0 dL_da1_0 dL_dz1_0.
intros State. unfold state in State.
destruct State as [S0_0 [V0_0_0 [S1_0 [V1_0_0 [E_g_b1_0 [E_g_b2_0 P_0]]]]]].
subst g_b1_0.
subst g_b2_0.
intros E. subst z1_0.
intros E_a1_0.
intros E. subst z2_0.
intros E. subst a2_0.
intros E. subst y_hat_0.
intros E. subst dL_dy_hat_0.
intros E. subst dL_dz2_0.
intros E. subst dL_da1_0.
intros E. subst dL_dz1_0.
intros E_K1_0.
intros E_B0.
destruct E_K1_0 as [[V C1_0_0]|[V C1_0_0]].
{
 subst s1_0.
 subst a1_0.
 unfold state.
 exists (S0_0 + r_0), (V0_0_0 + r_0 * x_0), S1_0, V1_0_0.
 refine (conj _ (conj _ _)).
 { Tools.equation. }
 { Tools.equation. }
 {
  right. exists x_0.
  refine (conj _ _).
  { refine (Tools.of_le 1 (1) _ _ _ (IZR_lt 0 1 eq_refl) (Rlt_0_1) _ C1_0_0). all: Tools.equation. }
  { refine (Tools.of_gt 1 (1) _ _ _ (IZR_lt 0 1 eq_refl) (Rlt_0_1) _ E_B0). all: Tools.equation. }
 }
}
{
 subst s1_0.
 subst a1_0.
 unfold state.
 exists S0_0, V0_0_0, (S1_0 + r_0), (V1_0_0 + r_0 * x_0).
 refine (conj _ (conj _ _)).
 { Tools.equation. }
 { Tools.equation. }
 { exact P_0. }
}
Qed.

Lemma bridge :
  forall w1_0_0 b1_0 w2_0_0 b2_0 h g_b1_0 g_b2_0 : R,
  state w1_0_0 b1_0 w2_0_0 b2_0 h g_b1_0 g_b2_0 ->
  0 < h ->
  ~ (g_b2_0 = 0 /\
     g_b1_0 <> 0).
Proof.
intros w1_0_0 b1_0 w2_0_0 b2_0 h g_b1_0 g_b2_0.
intros State. unfold state in State.
destruct State as [S0_0 [V0_0_0 [S1_0 [V1_0_0 [E_g_b1_0 [E_g_b2_0 P_0]]]]]].
subst g_b1_0.
subst g_b2_0.
intros Above.
intros Q.
destruct Q as [Q0 Q1].
assert (H9 : S1_0 + S0_0 = 0).
{
 refine (Tools.of_eq 1 (h) _ _ _ (IZR_lt 0 1 eq_refl) (Above) _ Q0).
 all: Tools.equation.
}
assert (H10 : S1_0 * w2_0_0 <> 0).
{
 refine (Tools.of_ne 1 (h) _ _ _ (IZR_lt 0 1 eq_refl) (Above) _ Q1).
 all: Tools.equation.
}
assert (W : exists x0_0 : R, ((S0_0 = 0 /\ V0_0_0 = 0) \/ (0 <= - w1_0_0 * x0_0 - b1_0 /\ 0 < w1_0_0 * x0_0 + b1_0))).
{ destruct P_0 as [N|[x0_0 F]].
  { exists 0. left. exact N. }
  { exists x0_0. right. exact F. } }
destruct W as [x0_0 H11].
exact (refuted S0_0 V0_0_0 S1_0 w2_0_0 b1_0 w1_0_0 x0_0 H11 H9 H10).
Qed.

End Algebra.

(* The claim for every M. *)

Module Datasets.

(* A sample, its inputs and targets; sums over a dataset. *)
Record sample : Set := Sample { x_0 : R; y_0 : R }.

Fixpoint sum_over (f : sample -> R) (samples : list sample) : R :=
  match samples with nil => 0 | cons p rest => f p + sum_over f rest end.

Section Dataset.

(* Parameters and the dataset. *)
Variables w1_0_0 b1_0 w2_0_0 b2_0 : R.
Variable data : list sample.
Definition total (f : sample -> R) : R := sum_over f data.

(* Forward pass at a sample p: pre-activations z, activations a, residuals r; the loss. *)
Definition z1_0 (p : sample) : R := w1_0_0 * x_0 p + b1_0.
Definition a1_0 (p : sample) : R := relu (z1_0 p).
Definition z2_0 (p : sample) : R := w2_0_0 * a1_0 p + b2_0.
Definition a2_0 (p : sample) : R := z2_0 p.
Definition y_hat_0 (p : sample) : R := a2_0 p.
Definition r_0 (p : sample) : R := y_hat_0 p - y_0 p.
Definition size : R := INR (length data) * 1.
Definition loss : R := 1 / size * total (fun p => r_0 p ^ 2).

(* Backward pass at a sample p: derivatives of the loss by the chain rule. *)
Definition dL_dy_hat_0 (p : sample) : R := 2 / size * r_0 p.
Definition dL_dz2_0 (p : sample) : R := dL_dy_hat_0 p.
Definition dL_da1_0 (p : sample) : R := dL_dz2_0 p * w2_0_0.
Definition dL_dz1_0 (p : sample) : R := dL_da1_0 p * relu' (z1_0 p).

(* Derivatives of the loss by parameters. *)
Definition dL_db1_0 : R := total (fun p => dL_dz1_0 p).
Definition dL_db2_0 : R := total (fun p => dL_dz2_0 p).

Theorem no_answer :
  data <> nil -> ~ (
    (* zero *)
    dL_db2_0 = 0 /\
    (* nonzero *)
    dL_db1_0 <> 0 /\
    (* where, of each sample: z1 > 0 *)
    (forall p : sample, In p data -> z1_0 p > 0)
  ).
Proof.
intros Nonempty [Q0 [Q1 F0]].
assert (State : forall samples : list sample,
  (forall p, In p samples -> z1_0 p > 0) ->
  Algebra.state w1_0_0 b1_0 w2_0_0 b2_0 (2 / size) (sum_over (fun p => dL_dz1_0 p) samples) (sum_over
  (fun p => dL_dz2_0 p) samples)).
{
  intros samples. induction samples as [|p rest IH]; intros Each.
  { exact (Algebra.none w1_0_0 b1_0 w2_0_0 b2_0 (2 / size)). }
  pose proof (Each p (or_introl eq_refl)) as B0.
  exact (Algebra.one w1_0_0 b1_0 w2_0_0 b2_0 (2 / size) (sum_over (fun p => dL_dz1_0 p) rest)
  (sum_over (fun p => dL_dz2_0 p) rest) (x_0 p) (r_0 p) (relu' (z1_0 p)) (z1_0 p) (a1_0 p) (z2_0 p)
  (a2_0 p) (y_hat_0 p) (dL_dy_hat_0 p) (dL_dz2_0 p) (dL_da1_0 p) (dL_dz1_0 p) (IH (fun q I => Each q
  (or_intror I))) eq_refl (relu_linear (z1_0 p)) eq_refl eq_refl eq_refl eq_refl eq_refl eq_refl
  eq_refl (relu_sides (z1_0 p)) B0).
}
exact (Algebra.bridge w1_0_0 b1_0 w2_0_0 b2_0 (2 / size) dL_db1_0 dL_db2_0 (State data (fun p I =>
  (F0 p I))) (Sums.mean sample data 1 Nonempty eq_refl) (conj Q0 Q1)).
Qed.

End Dataset.
End Datasets.

Print Assumptions Datasets.no_answer.
