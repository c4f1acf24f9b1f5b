"""Where an answer does not hold is said beside it, in every form; and layers' own conventions are named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.test_portability import LEAKY, VALUES, leaky, witness_of
from zerograd.core.model.libraries import LIBRARIES, family_of
from zerograd.core.question.problem import Problem
from zerograd.core.verdict import portability
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.portability import Elsewhere
from zerograd.show.elsewhere import TITLES, elsewhere_sentences, title, where_text
from zerograd.show.jupyter import as_html, as_latex
from zerograd.show.notebook import notebook
from zerograd.show.page import page_html
from zerograd.show.say.derivation import derivation_latex, derivation_markdown
from zerograd.show.say.gradients import gradients_text
from zerograd.show.scripts import jax_script, pytorch_script
from zerograd.show.text import answer_text


def answer(**question: Any) -> Sat:
    witness = leaky(**question)
    return Sat(witness, problem=witness.problem)


ZERO = answer(zero=["b1"])


def test_text() -> None:
    """A line for each group of libraries; without kinks, or where all holds, none."""
    told = answer_text(ZERO, width=200)
    assert "elsewhere in JAX, tinygrad, PaddlePaddle and Keras on JAX: ∂L/∂b1 is -9, not 0\n" in told
    assert "\n          in MindSpore: ∂L/∂b1 is -9/2, not 0\n" in told
    assert "elsewhere" not in answer_text(answer(nonzero=["b2"]))


def test_what_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, if a sample is on a kink."""
    monkeypatch.setattr(portability, "MOST_WORK", 7)
    told = answer_text(ZERO, width=200)
    assert "elsewhere not compared with other libraries: it has more than 7 parameters times samples" in told
    off = witness_of(ZERO.problem.with_query(nonzero=["w1"]), {**VALUES, "b1": [1]})
    assert "elsewhere" not in answer_text(Sat(off, problem=off.problem))


def test_conditions_and_relations_have_their_words() -> None:
    """A nonzero gradient that is 0 there, a sign, a condition."""
    (first, _) = elsewhere_sentences(answer(where=["grad(b1) > -1"]))
    assert first.endswith(": ∂L/∂b1 is -9, not > -1")
    problem = Problem(network=LEAKY, samples=2, nonzero=["b1"], derivative_at_kink={"leaky_relu": 0})
    witness = witness_of(problem, {**VALUES, "y": [[10], [0]]})
    assert elsewhere_sentences(Sat(witness, problem=problem))[0].endswith(
        ": ∂L/∂b1 is 0, though nonzero is asked"
    )
    problem = problem.with_query(some_nonzero=["b1"])
    assert (
        "every entry of ∂L/∂b1 is 0"
        in elsewhere_sentences(Sat(witness.answering(problem), problem=problem))[0]
    )


def test_documents_and_pages() -> None:
    """Derivations as Markdown and LaTeX, HTML in a notebook, the page, the exported notebook."""
    sentence = "In MindSpore other derivatives are returned at kinks, and with these"
    assert f"{sentence} $\\partial L / \\partial b_{{1}}$ is -9/2, not 0." in derivation_markdown(ZERO)
    for text in (derivation_latex(ZERO), as_html(ZERO), as_latex(ZERO)):
        assert text is not None
        assert sentence in " ".join(text.split())
    assert "at a kink: in JAX, tinygrad, PaddlePaddle and Keras on JAX: ∂L/∂b1 is −9, not 0" in page_html(
        ZERO
    )
    cells = json.loads(notebook(ZERO))["cells"]
    assert any("in MindSpore: ∂L/∂b1 is" in "".join(cell["source"]) for cell in cells)


def test_scripts() -> None:
    """What each library takes at the kink, where it is not what the question takes."""
    assert "where JAX takes 1 (measured in 0.10.2 and 0.12.0.1)" in jax_script(ZERO)
    assert "A sample sits on the kink" not in pytorch_script(ZERO)
    assert "Elsewhere, in MindSpore: ∂L/∂b1 is -9/2, not 0." in pytorch_script(ZERO)
    asked = answer(nonzero=["b1"], derivative_at_kink="right")
    assert "where torch takes 1/10" in pytorch_script(asked)
    assert "as JAX does (measured in 0.10.2 and 0.12.0.1)" in jax_script(asked)


@pytest.mark.parametrize(
    ("convention", "torch", "jax"),
    [
        ("torch", None, "0 there (torch), where JAX by itself takes 1."),
        ("right", "1 there (right), where torch by itself takes 0.", None),
    ],
)
def test_scripts_on_a_kink_of_the_loss(convention: str, torch: str | None, jax: str | None) -> None:
    """A perfect fit under the mean absolute error."""
    network = {"inputs": 1, "layers": [{"units": 1}]}
    problem = Problem(network=network, samples=1, loss="mae", derivative_at_kink=convention)
    witness = witness_of(problem, {"w1": [[1]], "b1": [0], "x": [[1]], "y": [[1]]})
    found = Sat(witness, problem=problem)
    for text, told in ((pytorch_script(found), torch), (jax_script(found), jax)):
        assert ("on a kink of the loss" in text) == (told is not None)
        assert told is None or told in text


def test_libraries_have_titles() -> None:
    """Each a name that its users know; all of a family together have one."""
    assert {family_of(name).partition("/")[0] for name in LIBRARIES} <= set(TITLES)
    assert [title(name) for name in ("torch>=2.14", "torch==2.13", "keras/jax", "torch")] == [
        "PyTorch 2.14", "PyTorch 2.13", "Keras on JAX", "PyTorch",
    ]  # fmt: skip

    def where(*names: str, everywhere: bool = False) -> str:
        return where_text(Elsewhere(names, everywhere, ()))

    assert where("torch", "torch==2.13", "torch>=2.14") == "in PyTorch"
    assert where("jax", "keras/jax", "keras/torch", "keras/tensorflow") == "in JAX and Keras"
    assert where("torch==2.13", "keras/tensorflow") == "in PyTorch 2.13 and Keras on TensorFlow"
    assert where("jax", "mlx", "paddle", "mxnet", everywhere=True) == "in every library that was measured"


def test_a_layers_own_convention_is_named() -> None:
    """Two layers of the same activation, with two derivatives."""
    problem = Problem(network=[1, 1, 1, 1], samples=1, derivative_at_kink={"z2": "right"})
    values = {"w1": [[1]], "b1": [0], "w2": [[1]], "b2": [0], "w3": [[1]], "b3": [1], "x": [[0]], "y": [[0]]}
    found = Sat(witness_of(problem, values), problem=problem)
    told = " ".join(answer_text(found).split())
    assert "ReLU'(0) = 0, ReLU'(0) = 1 at z2 (default: torch, z2: right)" in told
    formulas = gradients_text(problem)
    assert "ReLU'(0) = 0, ReLU'(0) = 1 at z2 (default: torch, z2: right)" in formulas.replace(" and ", ", ")
    assert "my_relu(z)" in jax_script(found)
    assert "MyReLU()" in pytorch_script(found)
