; Two inputs, two units, two outputs
;
; Network 2 -> 2 relu -> 2 linear, mean squared error L,
; number of samples: 3, derivative at kinks: torch.
; Are there parameters, inputs x and targets y for which the gradients are as asked?
; Samples, units and entries are counted from 0: w1_2_0 is w1[2,0], x_3_0 is x[3,0].
; Written by zerograd.
(set-info :smt-lib-version 2.6)
(set-info :status sat)
(set-option :produce-models true)
(set-logic QF_NRA)

; The unknowns: parameters, inputs and targets.
(declare-const w1_0_0 Real)
(declare-const w1_0_1 Real)
(declare-const w1_1_0 Real)
(declare-const w1_1_1 Real)
(declare-const b1_0 Real)
(declare-const b1_1 Real)
(declare-const w2_0_0 Real)
(declare-const w2_0_1 Real)
(declare-const w2_1_0 Real)
(declare-const w2_1_1 Real)
(declare-const b2_0 Real)
(declare-const b2_1 Real)
(declare-const x_0_0 Real)
(declare-const x_0_1 Real)
(declare-const x_1_0 Real)
(declare-const x_1_1 Real)
(declare-const x_2_0 Real)
(declare-const x_2_1 Real)
(declare-const y_0_0 Real)
(declare-const y_0_1 Real)
(declare-const y_1_0 Real)
(declare-const y_1_1 Real)
(declare-const y_2_0 Real)
(declare-const y_2_1 Real)

; Layer 1: pre-activations z1_m_i of sample m and unit i
; through relu: activations a1_m_i and slopes s1_m_i.
; At 0 the slope is 0 (torch).
(define-fun z1_0_0 () Real (+ (* w1_0_0 x_0_0) (* w1_0_1 x_0_1) b1_0))
(define-fun z1_0_1 () Real (+ (* w1_1_0 x_0_0) (* w1_1_1 x_0_1) b1_1))
(define-fun a1_0_0 () Real (ite (<= z1_0_0 0.0) 0.0 z1_0_0))
(define-fun a1_0_1 () Real (ite (<= z1_0_1 0.0) 0.0 z1_0_1))
(define-fun s1_0_0 () Real (ite (<= z1_0_0 0.0) 0.0 1.0))
(define-fun s1_0_1 () Real (ite (<= z1_0_1 0.0) 0.0 1.0))
(define-fun z1_1_0 () Real (+ (* w1_0_0 x_1_0) (* w1_0_1 x_1_1) b1_0))
(define-fun z1_1_1 () Real (+ (* w1_1_0 x_1_0) (* w1_1_1 x_1_1) b1_1))
(define-fun a1_1_0 () Real (ite (<= z1_1_0 0.0) 0.0 z1_1_0))
(define-fun a1_1_1 () Real (ite (<= z1_1_1 0.0) 0.0 z1_1_1))
(define-fun s1_1_0 () Real (ite (<= z1_1_0 0.0) 0.0 1.0))
(define-fun s1_1_1 () Real (ite (<= z1_1_1 0.0) 0.0 1.0))
(define-fun z1_2_0 () Real (+ (* w1_0_0 x_2_0) (* w1_0_1 x_2_1) b1_0))
(define-fun z1_2_1 () Real (+ (* w1_1_0 x_2_0) (* w1_1_1 x_2_1) b1_1))
(define-fun a1_2_0 () Real (ite (<= z1_2_0 0.0) 0.0 z1_2_0))
(define-fun a1_2_1 () Real (ite (<= z1_2_1 0.0) 0.0 z1_2_1))
(define-fun s1_2_0 () Real (ite (<= z1_2_0 0.0) 0.0 1.0))
(define-fun s1_2_1 () Real (ite (<= z1_2_1 0.0) 0.0 1.0))

; Layer 2: pre-activations z2_m_i of sample m and unit i
; are the activations: the layer is linear.
(define-fun z2_0_0 () Real (+ (* w2_0_0 a1_0_0) (* w2_0_1 a1_0_1) b2_0))
(define-fun z2_0_1 () Real (+ (* w2_1_0 a1_0_0) (* w2_1_1 a1_0_1) b2_1))
(define-fun z2_1_0 () Real (+ (* w2_0_0 a1_1_0) (* w2_0_1 a1_1_1) b2_0))
(define-fun z2_1_1 () Real (+ (* w2_1_0 a1_1_0) (* w2_1_1 a1_1_1) b2_1))
(define-fun z2_2_0 () Real (+ (* w2_0_0 a1_2_0) (* w2_0_1 a1_2_1) b2_0))
(define-fun z2_2_1 () Real (+ (* w2_1_0 a1_2_0) (* w2_1_1 a1_2_1) b2_1))

; Residuals: the prediction minus the target.
(define-fun r_0_0 () Real (+ z2_0_0 (* (- 1.0) y_0_0)))
(define-fun r_0_1 () Real (+ z2_0_1 (* (- 1.0) y_0_1)))
(define-fun r_1_0 () Real (+ z2_1_0 (* (- 1.0) y_1_0)))
(define-fun r_1_1 () Real (+ z2_1_1 (* (- 1.0) y_1_1)))
(define-fun r_2_0 () Real (+ z2_2_0 (* (- 1.0) y_2_0)))
(define-fun r_2_1 () Real (+ z2_2_1 (* (- 1.0) y_2_1)))

; d2_m_i: the derivative of L by z2_m_i.
(define-fun d2_0_0 () Real (* (/ 1.0 3.0) r_0_0))
(define-fun d2_0_1 () Real (* (/ 1.0 3.0) r_0_1))
(define-fun d2_1_0 () Real (* (/ 1.0 3.0) r_1_0))
(define-fun d2_1_1 () Real (* (/ 1.0 3.0) r_1_1))
(define-fun d2_2_0 () Real (* (/ 1.0 3.0) r_2_0))
(define-fun d2_2_1 () Real (* (/ 1.0 3.0) r_2_1))

; d1_m_i: the derivative of L by z1_m_i.
(define-fun d1_0_0 () Real (* s1_0_0 (+ (* w2_0_0 d2_0_0) (* w2_1_0 d2_0_1))))
(define-fun d1_0_1 () Real (* s1_0_1 (+ (* w2_0_1 d2_0_0) (* w2_1_1 d2_0_1))))
(define-fun d1_1_0 () Real (* s1_1_0 (+ (* w2_0_0 d2_1_0) (* w2_1_0 d2_1_1))))
(define-fun d1_1_1 () Real (* s1_1_1 (+ (* w2_0_1 d2_1_0) (* w2_1_1 d2_1_1))))
(define-fun d1_2_0 () Real (* s1_2_0 (+ (* w2_0_0 d2_2_0) (* w2_1_0 d2_2_1))))
(define-fun d1_2_1 () Real (* s1_2_1 (+ (* w2_0_1 d2_2_0) (* w2_1_1 d2_2_1))))

; The gradient of L by w1.
(define-fun grad_w1_0_0 () Real (+ (* d1_0_0 x_0_0) (* d1_1_0 x_1_0) (* d1_2_0 x_2_0)))
(define-fun grad_w1_0_1 () Real (+ (* d1_0_0 x_0_1) (* d1_1_0 x_1_1) (* d1_2_0 x_2_1)))
(define-fun grad_w1_1_0 () Real (+ (* d1_0_1 x_0_0) (* d1_1_1 x_1_0) (* d1_2_1 x_2_0)))
(define-fun grad_w1_1_1 () Real (+ (* d1_0_1 x_0_1) (* d1_1_1 x_1_1) (* d1_2_1 x_2_1)))

; The gradient of L by b1.
(define-fun grad_b1_0 () Real (+ d1_0_0 d1_1_0 d1_2_0))
(define-fun grad_b1_1 () Real (+ d1_0_1 d1_1_1 d1_2_1))

; The gradient of L by w2.
(define-fun grad_w2_0_0 () Real (+ (* d2_0_0 a1_0_0) (* d2_1_0 a1_1_0) (* d2_2_0 a1_2_0)))
(define-fun grad_w2_0_1 () Real (+ (* d2_0_0 a1_0_1) (* d2_1_0 a1_1_1) (* d2_2_0 a1_2_1)))
(define-fun grad_w2_1_0 () Real (+ (* d2_0_1 a1_0_0) (* d2_1_1 a1_1_0) (* d2_2_1 a1_2_0)))
(define-fun grad_w2_1_1 () Real (+ (* d2_0_1 a1_0_1) (* d2_1_1 a1_1_1) (* d2_2_1 a1_2_1)))

; The gradient of L by b2.
(define-fun grad_b2_0 () Real (+ d2_0_0 d2_1_0 d2_2_0))
(define-fun grad_b2_1 () Real (+ d2_0_1 d2_1_1 d2_2_1))

; Asked: the gradient by b2[0] is zero.
(assert (= grad_b2_0 0.0))

; Asked: the gradient by w2[0,1] is zero.
(assert (= grad_w2_0_1 0.0))

; Asked: the gradient by w1[0,1] is nonzero.
(assert (not (= grad_w1_0_1 0.0)))

; Asked: the gradient by b1[0] is nonzero.
(assert (not (= grad_b1_0 0.0)))

; Asked: some entry of the gradient by w1 is nonzero.
(assert (or (not (= grad_w1_0_0 0.0)) (not (= grad_w1_0_1 0.0)) (not (= grad_w1_1_0 0.0)) (not (= grad_w1_1_1 0.0))))

; Asked: some entry of the gradient by w2 is nonzero.
(assert (or (not (= grad_w2_0_0 0.0)) (not (= grad_w2_0_1 0.0)) (not (= grad_w2_1_0 0.0)) (not (= grad_w2_1_1 0.0))))

; Condition: x[0,0] == 1
(assert (= x_0_0 1.0))

; Condition: sum(y) > 0
(assert (> (+ y_0_0 y_0_1 y_1_0 y_1_1 y_2_0 y_2_1) 0.0))

(check-sat)
(get-value (
  w1_0_0 w1_0_1 w1_1_0 w1_1_1 b1_0 b1_1 w2_0_0 w2_0_1 w2_1_0 w2_1_1 b2_0 b2_1 x_0_0 x_0_1 x_1_0
  x_1_1 x_2_0 x_2_1 y_0_0 y_0_1 y_1_0 y_1_1 y_2_0 y_2_1
))
