"""Explanations for people: the verdict first, every parameter, each thing once, in a hundred columns."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.show.explained import (
    ALL,
    B1,
    HEALTHY,
    KINDS,
    MIXED,
    NOTES,
    NOTHING,
    REASONS,
    STEPS,
    W1,
    cause,
    explanation,
    row,
    unmoved,
)
from zerograd.explaining.explanation import (
    NOT_IMPORTED,
    Backward,
    Cause,
    Entries,
    Explanation,
    Floats,
    Kind,
    Note,
    Reason,
    Row,
    Step,
    StepReport,
    Unsupported,
)
from zerograd.report import Report
from zerograd.show.explanation.findings import NOTES as NOTE_RANKS
from zerograd.show.explanation.findings import REASONS as REASON_RANKS
from zerograd.show.explanation.phrases import number, placed, terms_text
from zerograd.show.explanation.rendering import explanation_html, explanation_text, verdict

GOLDEN = Path(__file__).resolve().with_name("explained.txt")
NAMED = pytest.mark.parametrize("name", list(ALL))
ESCAPES = re.compile(r"\x1b\[[\d;]*m")


def in_a_line(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split())


def test_everything_that_is_said(update_golden: bool) -> None:
    """The whole text of each made-up explanation."""
    text = "\n".join(f"=== {name}\n{Report(made)}" for name, made in ALL.items())
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "see the change with: pytest --update-golden"


def test_there_is_one_of_each() -> None:
    """No kind, reason or note is without words, or without a rank."""
    assert (set(KINDS), set(REASONS), set(NOTES)) == (set(Kind), set(Reason), set(Note))
    assert (set(REASON_RANKS), set(NOTE_RANKS)) == (set(Reason), set(Note))


@NAMED
def test_the_verdict_is_one_sentence_and_comes_first(name: str) -> None:
    """It ends with its only full stop that a new sentence could follow."""
    sentence = Report(ALL[name]).verdict
    assert sentence[0].isupper() or sentence.split()[0] in ALL[name].last.parameters
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert in_a_line(str(Report(ALL[name]))).startswith(in_a_line(sentence))


@NAMED
@pytest.mark.parametrize("width", [100, 72])
def test_lines_fit(name: str, width: int) -> None:
    """No line is wider than it may be."""
    text = explanation_text(ALL[name], width=width)
    assert max(map(len, text.splitlines())) <= width


@NAMED
def test_every_parameter_has_its_row(name: str) -> None:
    """A name is in the table as it stands in the module, or with its middle left out."""
    text = str(Report(ALL[name]))
    for parameter in (*ALL[name].last.parameters, *ALL[name].last.inputs):
        assert re.search(rf"^  {re.escape(parameter[:15])}", text, re.MULTILINE)


@pytest.mark.parametrize("kind", list(Kind))
def test_only_what_is_dead_is_called_so(kind: Kind) -> None:
    """A unit on the kink or saturated is neither dead nor inactive."""
    said = str(Report(KINDS[kind])) + explanation_html(KINDS[kind])
    assert ("dead" in said) == (kind is Kind.DEAD)
    assert "inactive" not in said


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FROZEN])
def test_equal_causes_are_one_sentence(kind: Kind) -> None:
    """Weight and bias of a layer are named together, and it is said whether data could change it."""
    text = in_a_line(str(Report(KINDS[kind])))
    assert text.count("(1)") == 3, "twice in the table, once before the sentence"
    assert "(2)" not in text
    assert "(1) fc1.weight and fc1.bias: " in text


def test_what_holds_whatever_the_data_are_is_said() -> None:
    """A structural cause is told from an accidental one."""
    words = "whatever the data and targets are"
    assert words in in_a_line(str(Report(KINDS[Kind.ZERO_FACTOR])))
    assert words not in in_a_line(str(Report(KINDS[Kind.DEAD])))


def test_the_other_slope_is_said() -> None:
    """On the kink one wants to know what the other convention would give."""
    text = in_a_line(str(Report(KINDS[Kind.AT_KINK])))
    assert "with the right slope ∂L/∂fc1.weight[2] would be -5/2" in text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.NOT_HELD, "the optimiser holds other parameters than the module has"),
        (Reason.STEP_SIZE_ZERO, "the step size is 0 in every parameter group"),
        (Reason.CLEARED, "every gradient was cleared between backward and step, by zero_grad()"),
        (
            Reason.CLIPPED,
            "clipping by clip_grad_norm_ made every gradient zero: the norm of all gradients was inf",
        ),
        (Reason.NOT_CALLED, "the optimiser's step() was never called"),
        (
            Reason.BELOW_HALF_ULP,
            "0.0006 in fc1.weight, is below half the distance to the next bfloat16 number",
        ),
    ],
)
def test_a_fault_of_the_step_is_the_verdict(reason: Reason, words: str) -> None:
    """Gradients are fine, and it is said what is not."""
    sentence = verdict(REASONS[reason].last)
    assert sentence.startswith("Gradients are not zero, but nothing moves: ")
    assert words in sentence


def test_one_parameter_that_is_not_held() -> None:
    """The others move; the sentence is about this one."""
    made = explanation(row(*W1, step=unmoved(Reason.NOT_HELD, held=False)), row("fc1.bias", 8))
    assert verdict(made.last) == "fc1.weight does not move: the optimiser does not hold it."


def test_every_gradient_zero() -> None:
    """The example that every reader begins with."""
    dead = cause(Kind.DEAD, "relu1 (ReLU)", 32, units=range(8), of=8, all_samples=True)
    zero = row(*W1, zero=32, causes=(dead,), step=unmoved(Reason.ZERO_GRADIENT))
    assert verdict(explanation(zero).last) == (
        "Nothing moves: every gradient is exactly zero, because all 8 units of relu1 (ReLU) are off on all 32"
        " samples."
    )


def test_causes_that_suffice_only_together_are_named_together() -> None:
    """Off on one sample, and the loss flat on the other."""
    causes = (
        cause(Kind.DEAD, "relu (ReLU), unit 0", 32, samples=(0,), alone=False),
        cause(Kind.ZERO_ADJOINT, "mse_loss", 32, samples=(1,), alone=False),
    )
    zero = row(*W1, zero=32, causes=causes, step=unmoved(Reason.ZERO_GRADIENT))
    assert verdict(explanation(zero, batch=2).last) == (
        "Nothing moves: every gradient is exactly zero, because unit 0 of relu (ReLU) is off on sample 0 and"
        " the loss (mse_loss) is flat on sample 1."
    )


def test_some_entries_are_less_than_a_parameter() -> None:
    """The worst is said first, and what is frozen on purpose last."""
    frozen = row("emb.weight", 4, zero=4, causes=(cause(Kind.FROZEN, "", 4),), step=unmoved(Reason.FROZEN))
    off = cause(Kind.DEAD, "relu (ReLU), units 3, 7", 8, all_samples=True)
    some = row(*W1, zero=8, causes=(off,))
    assert verdict(explanation(some).last) == (
        "No parameter stands still, but the gradient is exactly zero in 8 entries of fc1.weight, because"
        " units 3, 7 of relu (ReLU) are off on all 32 samples."
    )
    unheld = row("fc2.weight", 8, step=unmoved(Reason.NOT_HELD, held=False))
    sentence = verdict(explanation(some, frozen, unheld).last)
    assert sentence.startswith("fc2.weight does not move: the optimiser does not hold it; emb.weight: ")


def test_a_zero_without_a_cause_is_no_less_zero() -> None:
    """It is said that nobody knows why."""
    unknown = row(*W1, zero=32, step=unmoved(Reason.ZERO_GRADIENT))
    assert verdict(explanation(unknown, row("fc1.bias", 8)).last) == (
        "fc1.weight does not move: the gradient is exactly zero, and why is not known."
    )


def test_what_is_frozen_is_not_missed_in_the_optimiser() -> None:
    """The foremost reason is the one that is said first."""
    frozen = row("emb.weight", 4, step=unmoved(Reason.FROZEN, Reason.NOT_HELD, held=False))
    sentence = verdict(explanation(frozen, row(*W1)).last)
    assert sentence == "emb.weight does not move: requires_grad is False."


def test_updates_that_some_entries_lost() -> None:
    """The weight moved, but not everywhere."""
    lost = {"update": 1e-9, "half_ulp": 6e-8, "dtype": "float32"}

    def step(entries: int) -> Step:
        counts = {"below_half_ulp": entries, "zero_gradient": 3}
        return Step(True, 29 - entries, (), (), {"unmoved": counts, "below_half_ulp": lost})

    assert verdict(explanation(row(*W1, step=step(20))).last) == (
        "No parameter stands still, but fc1.weight (20 of 32): the update, at most 1e-9, is below half the"
        " distance to the next float32 number (6e-8)."
    )
    few = explanation(row(*W1, step=step(5)), row(*B1))
    assert verdict(few.last) == (
        "Nothing stands still: every parameter has a gradient that is not zero, and moved, but for 5 entries"
        " whose update was lost to rounding."
    )
    assert "fc1.weight (5 of 32): the update" in str(Report(few))


def test_an_update_that_is_lost_because_its_gradient_is_tiny() -> None:
    """Not because the type is coarse: this is what to say."""
    lost = {"update": 1e-10, "gradient": 1e-9, "half_ulp": 6e-8, "dtype": "float32", "weight": 1.0}
    still = unmoved(Reason.BELOW_HALF_ULP, below_half_ulp=lost)
    assert verdict(explanation(row(*W1, step=still)).last) == (
        "Gradients are not zero, but nothing moves: every gradient is tiny (1e-9 in fc1.weight), and the"
        " update, 1e-10, is below half the distance to the next float32 number (6e-8 at a weight of 1)."
    )
    text = " ".join(str(Report(explanation(row(*W1, step=still), row(*B1, step=still)))).split())
    assert "gradients are tiny (1e-9 in fc1.weight)" in text
    assert "or an optimiser that divides by the size of gradients, such as Adam, would move them." in text
    coarse = unmoved(Reason.BELOW_HALF_ULP, below_half_ulp={**lost, "gradient": 0.5})
    assert "tiny" not in str(Report(explanation(row(*W1, step=coarse))))


def test_steps_that_lose_other_updates_each_time_are_one_kind() -> None:
    """Which parameters stand still changes from step to step where gradients vanish."""
    lost = unmoved(
        Reason.BELOW_HALF_ULP, below_half_ulp={"update": 1e-10, "half_ulp": 6e-8, "dtype": "float32"}
    )
    steps = [explanation(row(f"w{k}", 1, step=lost), row(*B1)).last for k in range(12)]
    text = _steps(*steps)
    assert (
        "12 steps were watched; this is about the last. Steps 1–11, here the first of them: w0 does" in text
    )


def test_a_step_size_that_its_type_cannot_hold() -> None:
    """It is not 0 as given."""
    small = unmoved(Reason.STEP_SIZE_ZERO, step_size_zero={"scale": 1e-9, "rounded": 0.0, "dtype": "float16"})
    assert verdict(explanation(row(*W1, step=small)).last).endswith(
        ": the step size, 1e-9, is 0 once it is rounded to float16."
    )


def test_rounding_that_moves_what_has_no_gradient() -> None:
    """An identity, and what float32 makes of it."""
    made = row("norm.weight", 1, zero=1, floats=Floats("float32", noise=1),
               causes=(cause(Kind.IDENTITY, "norm (LayerNorm)", 1),), step=Step(True, 1))  # fmt: skip
    sentence = verdict(explanation(made).last)
    assert "exactly zero" in sentence
    assert sentence.endswith("; what float32 has there is rounding, and moved norm.weight.")


def test_steps_before_the_last_are_told_where_they_differ() -> None:
    """The report is about the last one."""
    text = str(Report(STEPS))
    assert text.startswith("Nothing stands still")
    assert "Step 1: fc1.weight and fc1.bias do not move" in text
    assert "Step 2" not in text


def _steps(*reports: StepReport) -> str:
    numbered = tuple(replace(step, number=number) for number, step in enumerate(reports, start=1))
    return in_a_line(str(Report(Explanation(numbered, torch="2.13.0"))))


def _trifle(entries: int) -> StepReport:
    off = cause(Kind.DEAD, "relu (ReLU), unit 3", entries, samples=(entries,))
    return explanation(row(*W1, zero=entries, causes=(off,))).last


def test_many_steps_of_one_kind_are_one_line() -> None:
    """Which entries are zero changes from step to step, and is no news."""
    text = _steps(*(_trifle(1 + step % 7) for step in range(60)))
    assert "60 steps were watched; no parameter stood still in any of them; this is about the last." in text
    assert "Step 1:" not in text
    dead = KINDS[Kind.DEAD].last
    assert "3 steps were watched; this is about the last, which all the others are like." in _steps(
        *[dead] * 3
    )
    still = explanation(row(*W1), optimizer=None).last
    assert "no whole gradient was found to be zero in any of them" in _steps(still, still)


def test_steps_of_another_kind_have_a_line_each() -> None:
    """Their numbers are put together; what differs within a kind is told of its first step."""
    dead, fine = KINDS[Kind.DEAD].last, HEALTHY.last
    text = _steps(fine, *[dead] * 3, _trifle(2), dead, fine)
    assert "7 steps were watched; this is about the last. Steps 2–4, 6: fc1.weight and fc1.bias do" in text
    off = [
        explanation(row(*W1, zero=32, causes=(cause(Kind.DEAD, "relu", 32, samples=(k,)),))).last
        for k in (0, 1)
    ]
    assert "Steps 1–2, here the first of them: Nothing moves: every gradient is exactly zero" in _steps(
        *off, fine
    )
    kinds = [
        explanation(row(f"w{k}", 1, step=unmoved(Reason.NOT_HELD, held=False)), row("fc1.bias", 8)).last
        for k in range(20)
    ]
    text = _steps(*kinds, fine)
    assert text.count("does not hold it") == 7
    assert "… and 13 more steps of other kinds: --json or to_json() has all." in text


def test_a_large_model_is_cut_short() -> None:
    """The troubled ones come first, and it is said how many are left out."""
    fine = [row(f"layer{k}.weight", 2) for k in range(100)]
    off = [
        row(f"z{k}", 2, zero=1, causes=(cause(Kind.DEAD, f"relu{k}", 1, all_samples=True),))
        for k in range(20)
    ]
    text = str(Report(explanation(*fine, *off)))
    assert "… and 80 more parameters without trouble" in text
    assert "… and 8 more causes: --json or to_json() has all." in text
    assert ("(12)" in text, "(13)" in text) == (True, False)
    assert "z19" in text
    assert "80 more parameters" in explanation_html(explanation(*fine, *off))
    assert "… and 20 more parameters\n" in str(Report(explanation(*off, *off, *[
        row(f"y{k}", 2, zero=1, causes=(cause(Kind.DEAD, "relu", 1),)) for k in range(40)])))  # fmt: skip


def test_colour_is_asked_for() -> None:
    """A report has none; with colour the text is the same."""
    assert "\x1b" not in str(Report(MIXED))
    for made, code in ((MIXED, "31"), (HEALTHY, "32"), (ALL["undecided"], "33")):
        coloured = explanation_text(made, color=True)
        assert coloured.startswith(f"\x1b[1;{code}m")
        assert ESCAPES.sub("", coloured) == explanation_text(made)


def test_names_cannot_reach_the_terminal_or_the_page() -> None:
    """Names come from the watched program; escape codes and markup in them do nothing."""
    name = "a\x1b[31m<script>b\n.weight"
    made = explanation(row(name, 2, zero=2, causes=(cause(Kind.ZERO_FACTOR, name, 2),)), messages=(name,))
    assert "\x1b" not in str(Report(made))
    assert "a<script>b .weight" in str(Report(made))
    assert "<script>" not in explanation_html(made)


def test_a_report_is_asked_for_its_rows() -> None:
    """In a notebook it is a table."""
    report = Report(MIXED)
    assert report["fc1.weight"].entries.zero == 12
    assert report["x"].shape == (32, 4)
    with pytest.raises(KeyError, match="fc9"):
        report["fc9"]
    html = report._repr_html_()
    assert html.startswith('<div class="tex2jax_ignore')
    assert "<table>" in html
    assert in_a_line(report.verdict) in html
    assert report.steps == MIXED.steps


def test_at_the_prompt_one_reads_what_is_printed() -> None:
    """Nobody wants to read a data class; of a row there is its line, and its sentences."""
    report = Report(MIXED)
    assert repr(report) == str(report)
    text = in_a_line(repr(report["fc1.weight"]))
    assert text == in_a_line(str(report["fc1.weight"]))
    assert text.startswith("name shape zero not zero moved why")
    assert (
        "(1) fc1.weight (8 of 32): units 3 and 7 of relu1 (ReLU) are off on all 32 samples; the slope" in text
    )
    assert "fc1.bias" not in text


def test_a_name_that_is_not_there() -> None:
    """One sees what was meant, and not all there is."""
    report = Report(explanation(*(row(f"encoder.layers.{k}.weight", 2) for k in range(100))))
    with pytest.raises(KeyError, match=r"did you mean encoder.layers.7\d?.weight( or \S+){4}\?"):
        report["encoder.layer.7.weight"]
    with pytest.raises(KeyError, match=r"there are encoder.layers.0.weight, .* and 95 more") as caught:
        report["?"]
    assert str(caught.value).count("weight") == 5
    with pytest.raises(KeyError, match="there are none"):
        Report(NOTHING)["x"]


def _unseen(name: str, *shape: int) -> Row:
    made = row(name, *shape)
    return replace(made, entries=Entries(observed=made.size), asked=False, step=None)


@pytest.mark.parametrize(
    ("backward", "why"), [(Backward.NONE, "no backward"), (Backward.FAILED, "backward failed")]
)
def test_without_a_backward_nothing_was_observed(backward: Backward, why: str) -> None:
    """No operation without a rule is to blame."""
    text = in_a_line(str(Report(explanation(_unseen(*W1), optimizer=None, backward=backward))))
    assert "observed" not in text
    assert f"fc1.weight 8×4 – – {why}" in text


def test_what_no_backward_was_asked_for() -> None:
    """The verdict is not about its entries."""
    made = explanation(_unseen(*W1), row("fc1.bias", 8), optimizer=None)
    text = in_a_line(str(Report(made)))
    assert "fc1.weight 8×4 – – – not asked (1)" in text
    assert "(1) fc1.weight: no backward pass was asked for it." in text
    assert text.startswith("No parameter stands still, but no backward pass was asked for fc1.weight.")


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("a tensor on meta", "a tensor on meta leads there, which has no numbers."),
        ("a sparse tensor", "a sparse tensor leads there, so it is what the run had, no more."),
        ("aten.hash", "an operation without a rule leads there, so"),
    ],
)
def test_what_nobody_can_follow_is_named(operation: str, words: str) -> None:
    """A kind of tensor is no operation."""
    unseen = replace(row(*W1, observed=32, step=Step()), step=None)
    made = explanation(unseen, optimizer=None, unsupported=(Unsupported(operation, "at a.py:3"),))
    assert verdict(made.last).startswith(
        "No whole gradient is known to be zero, but 32 entries of fc1.weight"
    )
    assert f"observed only: {words}" in verdict(made.last)


def test_no_more_is_said_to_be_known_than_is() -> None:
    """Where every gradient has an entry that is not zero, it is so; nan is not asked whether it is 0."""
    off = cause(Kind.DEAD, "relu (ReLU)", 3, all_samples=True)
    some = replace(row(*W1, zero=3, causes=(off,)), step=None)
    assert verdict(explanation(some, optimizer=None).last).startswith("No whole gradient is zero, but the")
    nan = row(*W1, undecided=32, floats=Floats("float32", nan=32))
    assert "bits" not in str(Report(explanation(nan)))


def test_entries_that_moved_without_a_gradient_are_counted() -> None:
    """All others moved by theirs."""
    moved = {"moved_without_gradient": {"by": "weight decay", "moved": 5}}
    noted = row(*W1, step=Step(True, 32, (), (Note.MOVED_WITHOUT_GRADIENT,), moved))
    assert "(1) fc1.weight (5 of 32): it moved although its" in in_a_line(str(Report(explanation(noted))))
    lost = replace(noted, floats=Floats("float32", zero=5, lost=5))
    assert "it moved although its gradient is 0 in float32, by" in in_a_line(str(Report(explanation(lost))))


def test_zeros_of_several_causes_are_counted_in_all() -> None:
    off = cause(Kind.DEAD, "relu (ReLU), units 3, 7", 8, all_samples=True)
    kink = cause(Kind.AT_KINK, "relu (ReLU), unit 0", 4, samples=(1,))
    assert verdict(explanation(row(*W1, zero=12, causes=(off, kink))).last) == (
        "No parameter stands still, but the gradient is exactly zero in 12 entries of fc1.weight, 8 of them"
        " because units 3, 7 of relu (ReLU) are off on all 32 samples."
    )


def test_an_interruption_is_no_error() -> None:
    text = str(Report(explanation(row(*W1), error="KeyboardInterrupt")))
    assert "\nInterrupted.\n" in text
    assert "error" not in text


def test_a_program_without_pytorch() -> None:
    step = StepReport(1, {}, messages=(NOT_IMPORTED,), backward=Backward.NONE)
    assert str(Report(Explanation((step,)))).count(NOT_IMPORTED) == 1
    assert verdict(step) == NOT_IMPORTED


def test_places_that_name_their_operation() -> None:
    """They are said once."""
    assert placed("round", "round at more.py:56") == "round at more.py:56"
    assert placed("argmax", "train.py:9") == "argmax (train.py:9)"
    assert placed("argmax", "") == "argmax"
    assert "because round at more.py:56 passes no gradient" in verdict(explanation(row(
        *W1, zero=32, causes=(cause(Kind.PIECEWISE_CONSTANT, "round at more.py:56", 32, operation="round"),)
    )).last)  # fmt: skip


def test_zeros_that_rounding_carried_across_a_kink_are_doubted_in_the_verdict() -> None:
    """Where all of a gradient's zeros depend on such a unit; not where some do."""

    def said(across_kink: int) -> str:
        causes = (cause(Kind.DEAD, "relu1 (ReLU), units 0", 32),)
        floats = Floats("float32", zero=32, across_kink=across_kink)
        return verdict(explanation(replace(row(*W1, zero=32, floats=floats, causes=causes), step=None)).last)

    assert said(32).startswith("Every gradient is zero as the run chose, because")
    assert "(rounding in float32 carried a unit across its kink; exactly, it is" in said(32)
    assert said(31).startswith("Every gradient is exactly zero")
    assert "rounding" not in said(31)


def test_nothing_is_said_of_moving_where_nothing_stepped() -> None:
    """No optimiser, and gradients that floats lose."""
    floats = Floats("float32", zero=32, lost=32, lost_began="the slope of 3 (Sigmoid)")
    lost = replace(row(*W1, floats=floats), step=None)
    text = str(Report(explanation(lost, optimizer=None)))
    assert in_a_line(text).startswith(
        "Every gradient is lost in float32: not zero, but 0 there, from the slope of 3 (Sigmoid) on."
    )
    assert "move" not in text.partition("why\n")[0]
    frozen = replace(row("fc1.bias", 8, zero=8, causes=(cause(Kind.FROZEN, "", 8),)), step=None)
    sentence = verdict(explanation(lost, frozen, optimizer=None).last)
    assert sentence.startswith("fc1.weight: the gradient is lost in float32")
    assert "move" not in sentence
    assert (
        verdict(explanation(frozen, optimizer=None).last) == "Nothing has a gradient: requires_grad is False."
    )


def _target(name: str) -> Row:
    without = cause(Kind.DETACHED, "target (Linear)", 2, operation="detach() or no_grad()", structural=True)
    return row(name, 2, zero=2, causes=(without,), step=unmoved(Reason.NOT_HELD, held=False))


def test_a_target_network_is_no_fault() -> None:
    """It ran without gradients, and no optimiser holds it; where nothing else is wrong, that may be meant."""
    targets = (_target("target.weight"), _target("target.bias"))
    made = explanation(*targets, row(*W1), row("fc1.bias", 8))
    assert verdict(made.last) == (
        "No parameter that the optimiser holds stands still; target.weight and target.bias: they ran without"
        " gradients, and the optimiser does not hold them; if that is meant, all is well."
    )
    assert "no parameter that the optimiser holds stood still in any of them" in _steps(made.last, made.last)
    unheld = row("fc2.weight", 8, step=unmoved(Reason.NOT_HELD, held=False))
    assert verdict(explanation(*targets, row(*W1), unheld).last).startswith("fc2.weight does not move: the")
    assert verdict(explanation(*targets).last).startswith("Nothing moves: the optimiser does not hold")


def test_causes_that_explain_some_terms_are_named_together() -> None:
    """Neither is why by itself, with or without samples."""
    causes = (
        cause(Kind.DEAD, "1 (ReLU)", 4, alone=False),
        cause(Kind.ZERO_ADJOINT, "mse_loss", 4, samples=(1,), alone=False),
    )
    assert verdict(explanation(row(*W1, zero=4, causes=causes)).last) == (
        "No parameter stands still, but the gradient is exactly zero in 4 entries of fc1.weight, because"
        " 1 (ReLU) is off for some of the terms and the loss (mse_loss) is flat on sample 1."
    )


def test_the_same_is_said_once_though_its_details_differ() -> None:
    """Other terms, another gradient from the other side: the same sentence, so one group."""
    rows = [
        row(name, 2, zero=2, step=unmoved(Reason.ZERO_GRADIENT), causes=(
            cause(Kind.AT_KINK, "relu (ReLU)", 2, all_samples=True, other_gradient=float(k)),))
        for k, name in enumerate(("a.weight", "a.bias", "b.weight"))
    ]  # fmt: skip
    assert verdict(explanation(*rows, row("fc1.bias", 8)).last) == (
        "a.weight, a.bias and b.weight do not move: their gradients are exactly zero, because relu (ReLU) is"
        " exactly on the kink on all 32 samples."
    )
    assert in_a_line(str(Report(explanation(*rows)))).count("the gradient would be") == 3


def test_numbers() -> None:
    """Four digits, and the words of floating point."""
    assert [number(n) for n in (6e-4, 2.0, 1.5e-9, float("inf"), "3/2", 7)] == [
        "0.0006", "2", "1.5e-9", "inf", "3/2", "7",
    ]  # fmt: skip
    assert terms_text((1, -2.5, 1.5)) == "1 − 2.5 + 1.5 = 0"
    assert terms_text(("a b", "−a b")) == "a b and −a b"


TEXTS = st.text(string.printable + "é\x1b\u202e", max_size=60)
COUNTS = st.integers(0, 9)
DETAILS = st.dictionaries(
    st.sampled_from(
        ["units", "of", "terms", "factor", "both", "why", "update", "half_ulp", "by", "norm", "group"]
    ),
    st.none() | st.integers() | st.floats() | TEXTS | st.lists(st.integers() | TEXTS, max_size=9).map(tuple),
)
CAUSES = st.builds(
    Cause,
    st.sampled_from(Kind),
    TEXTS,
    st.none() | st.lists(st.integers(0, 40), unique=True, max_size=12).map(tuple),
    COUNTS,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    DETAILS,
)
STEP = st.builds(
    Step,
    st.sampled_from([True, False, None]),
    st.none() | COUNTS,
    st.lists(st.sampled_from(Reason), max_size=3).map(tuple),
    st.lists(st.sampled_from(Note), max_size=2).map(tuple),
    DETAILS,
)
ROWS = st.builds(
    Row,
    TEXTS,
    st.lists(st.integers(0, 4), max_size=3).map(tuple),
    st.builds(Entries, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | COUNTS),
    st.builds(Floats, st.just("float32"), COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | TEXTS),
    st.lists(CAUSES, max_size=3).map(tuple),
    st.none() | STEP,
)
NAMED_ROWS = st.lists(ROWS, max_size=4).map(lambda rows: {one.name: one for one in rows})
EXPLANATIONS = st.builds(
    Explanation,
    st.lists(
        st.builds(
            StepReport,
            st.integers(1, 9),
            NAMED_ROWS,
            NAMED_ROWS,
            st.lists(st.builds(Unsupported, TEXTS, TEXTS, COUNTS), max_size=2).map(tuple),
            st.none() | st.just("Adam"),
            st.none() | st.floats(),
            st.none() | st.integers(1, 40),
            st.lists(TEXTS, max_size=2).map(tuple),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.just("2.13.0"),
    st.none() | TEXTS,
)


@given(EXPLANATIONS)
def test_whatever_is_reported_can_be_said(made: Explanation) -> None:
    """Nothing that the data can hold breaks text or page, or smuggles in an escape code."""
    text = explanation_text(made)
    sentence = verdict(made.last)
    rows = [*made.last.parameters.values(), *made.last.inputs.values()]
    if sentence.startswith(("Nothing stands still", "No gradient is zero")):
        assert not any(one.entries.zero or one.entries.undecided or one.entries.observed for one in rows)
    assert in_a_line(text)[0].isprintable()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert explanation_html(made).startswith('<section class="explanation">')


def test_a_cause_of_some_entries_is_not_said_to_be_that_of_all() -> None:
    """Each unit of a layer may have a reason of its own: the first is no reason for the others' zeros."""
    off = cause(Kind.DEAD, "1 (ReLU), unit 0", 4, all_samples=True, units=(0,), of=2)
    bound = cause(Kind.SATURATED, "1 (ReLU6), unit 1", 4, all_samples=True, units=(1,), of=2)
    made = explanation(row("w", 2, 4, zero=8, causes=(off, bound)), row(*B1))
    assert "(in 4 of 8 entries; why the others are zero is below)." in verdict(made.last)
    whole = explanation(row("w", 1, 4, zero=4, causes=(off,)), row(*B1))
    assert "entries" not in verdict(whole.last)


@pytest.mark.parametrize(("rows", "first"), [(4, False), (30, True)])
def test_explanations_come_before_a_long_table(rows: int, first: bool) -> None:
    """And after a short one."""
    causes = (cause(Kind.DEAD, "relu (ReLU)", 2, all_samples=True),)
    zero = [row(f"fc{n}.weight", 2, zero=2, causes=causes) for n in range(rows)]
    text = str(Report(explanation(*zero)))
    assert (text.index("\nwhy\n") < text.index("  fc1.weight  ")) == first
