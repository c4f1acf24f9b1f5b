"""Lemmas about real numbers that every exported proof uses, in Coq."""

from __future__ import annotations

TOOLS = r"""
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
"""

INTEGERS = r"""
Definition integer (r : R) : Prop := exists k : Z, r = IZR k.

Module Integers.

Lemma constant (k : Z) : integer (IZR k).
Proof. exists k. reflexivity. Qed.

Lemma plus (a b : R) : integer a -> integer b -> integer (a + b).
Proof. intros [k K] [l L]. exists (k + l)%Z. rewrite plus_IZR, K, L. reflexivity. Qed.

Lemma minus (a b : R) : integer a -> integer b -> integer (a - b).
Proof. intros [k K] [l L]. exists (k - l)%Z. rewrite minus_IZR, K, L. reflexivity. Qed.

Lemma opposite (a : R) : integer a -> integer (- a).
Proof. intros [k K]. exists (- k)%Z. rewrite opp_IZR, K. reflexivity. Qed.

Lemma times (a b : R) : integer a -> integer b -> integer (a * b).
Proof. intros [k K] [l L]. exists (k * l)%Z. rewrite mult_IZR, K, L. reflexivity. Qed.

Lemma power (a : R) (n : nat) : integer a -> integer (a ^ n).
Proof. intros A. induction n as [|n IH]; [exact (constant 1)|exact (times _ _ A IH)]. Qed.

Lemma floor (p q s : R) (n k : Z) :
  integer p -> k = (n + 1)%Z -> q = IZR n - p -> s = p - IZR k -> 0 <= q \/ 0 <= s.
Proof.
  intros [m P] K Q S. subst p q s k. destruct (Z_le_gt_dec m n) as [L|G].
  - left. apply Rge_le, Rge_minus, Rle_ge, IZR_le. exact L.
  - right. apply Rge_le, Rge_minus, Rle_ge, IZR_le. lia.
Qed.

Ltac decide_integer :=
  repeat first
    [ assumption | apply constant | apply plus | apply minus | apply opposite | apply times | apply power ].

End Integers.
"""

SUMS = r"""
(* On a kink, where the derivative that is taken is not the slope. *)
Lemma on_kink (a s z k slope offset : R) :
  a = s * z -> z = k -> s * k = slope * k + offset -> a = slope * z + offset.
Proof. intros A Z E. rewrite A, Z. exact E. Qed.

Lemma degenerate (d r z k p q : R) : p = 0 -> z = k -> q = p + r * (d * (z - k)) -> q = 0.
Proof. intros P Z Q. rewrite Q, P, Z. ring. Qed.

End Sums.
"""
