"""Every activation and every loss goes through the whole program: found, re-checked, written down, run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.model.activations import ACTIVATION_NAMES, PiecewiseLinear, activation_named
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.names import function_name
from zerograd.core.model.network import Layer, Network
from zerograd.exports import Form, export
from zerograd.show.say.gradients import gradients_latex, gradients_text
from zerograd.show.text import answer_text

SMOOTH = [name for name in ACTIVATION_NAMES if not isinstance(activation_named(name), PiecewiseLinear)]
CASES = [*((name, "mse") for name in SMOOTH), *(("sigmoid", loss) for loss in LOSSES)]
EVERY = pytest.mark.parametrize(("activation", "loss"), CASES, ids=["-".join(case) for case in CASES])
SAID = "All that is asked of the gradients holds."
FORMS: tuple[Form, ...] = ("markdown", "latex", "html", "pytorch", "jax")


def question(activation: str, loss: str, **asked: Any) -> zg.Problem:
    """The founding question, or one that has an answer with this activation and loss."""
    about = LOSSES[loss]
    outputs = 2 if about.shares == "row" else 1
    last = activation_named("sigmoid" if about.within_unit else "linear")
    targets = {} if "real" in about.targets_for else {"targets": about.targets_for[0]}
    if activation == "exp":
        asked = {"zero": ["w2"], "nonzero": ["w1"], **asked}
    elif loss in ("mean", "sum"):
        asked = {"zero": ["w1"], "nonzero": ["b1"], **asked}
    asked = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"], **targets, **asked}
    network = Network(1, (Layer(1, activation_named(activation)), Layer(outputs, last)))
    return zg.Problem(network=network, loss=loss, samples=4, **asked)


@cache
def answer(activation: str, loss: str) -> zg.Sat:
    """A checked answer."""
    if find_spec("torch"):
        import_module("torch")  # re-checks ask it where it is loaded
    found = zg.solve(question(activation, loss), timeout=60)
    assert isinstance(found, zg.Sat)
    return found


@EVERY
def test_it_is_rechecked(activation: str, loss: str) -> None:
    """In float64, by finite differences and, where it is installed, by torch: all agree."""
    checks = answer(activation, loss).checks
    assert checks["float64"]["largest_deviation"] < 1e-9
    assert checks["finite_differences"]["compared"]
    assert isinstance(checks["torch"], dict) or checks["torch"] == "not installed"


@EVERY
def test_it_is_written_down(activation: str, loss: str) -> None:
    """In every form, which names the loss, and in the text of the answer."""
    sat = answer(activation, loss)
    for text in (answer_text(sat), *(export(sat, form) for form in FORMS)):
        assert LOSSES[loss].words.split(" with ")[0] in text  # δ is \\delta in LaTeX
    derived = export(sat, "markdown")
    assert ("residual" in derived) == LOSSES[loss].least_squares
    assert "inactive" not in derived or activation in ("hardswish", "relu_squared")


@EVERY
def test_gradients_say_what_everything_is(activation: str, loss: str) -> None:
    """What φ is stands once, and ∂ℓ/∂ŷ where it has a name."""
    text = gradients_text(question(activation, loss))
    name = function_name(activation_named(activation))
    assert text.count(f"  {name}(z) = ") == (activation != "sin")
    assert text.count(f"  {name}'(z) = ") == 1
    assert ("= ∂ℓ/∂ŷ" in text) == (not LOSSES[loss].least_squares)
    assert r"\begin{align*}" in gradients_latex(question(activation, loss))


@pytest.mark.needs("torch")
def test_a_script_has_closed_forms(script_passes: Callable[[str], str]) -> None:
    """They are written as Python calculates them."""
    script = export(answer("sigmoid", "mse"), "pytorch")
    assert "import math" in script
    assert "math.log(2)" in script
    assert SAID in script_passes(script)


@pytest.mark.slow
@EVERY
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_scripts_pass(activation: str, loss: str, library: str, script_passes: Callable[[str], str]) -> None:
    """The library's gradients are the exact ones, and what is asked holds."""
    pytest.importorskip(library)
    assert SAID in script_passes(export(answer(activation, loss), "pytorch" if library == "torch" else "jax"))
