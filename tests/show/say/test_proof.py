"""Certificates in words. Their proofs are fixed here, so that no golden file depends on what is found."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from zerograd.core.model.activations import ACTIVATIONS
from zerograd.core.model.network import Network
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import (
    Alternatives,
    Certificate,
    Compare,
    Floor,
    Identity,
    Like,
    Node,
    Part,
    Product,
    Split,
    nodes,
)
from zerograd.core.refuting.refutation import check_certificate
from zerograd.core.refuting.system import Renaming
from zerograd.document.blocks import Paragraph
from zerograd.show.say.proof import blocks, proof_latex, proof_markdown, proof_text, statement

GOLDEN = Path(__file__).parents[2] / "golden"
HOSTILE = "\x1b[31m100% of $x_1$ & `code` <b> [a](http://b.c) \\input{/etc/passwd} # {"

v = Polynomial.variable
ONE = Polynomial.constant(1)
Proof = tuple[Problem, Certificate]


def proof(problem: Problem, *parts: tuple[str, int | None, Node]) -> Proof:
    """The problem with a certificate that the checker accepts."""
    certificate = Certificate(problem.digest, tuple(Part(kind, m, root) for kind, m, root in parts))  # type: ignore[arg-type]
    check_certificate(problem, certificate)
    return problem, certificate


def two_samples(**more: Any) -> Proof:
    """The founding question: every kind of leaf that a dataset of two samples needs, and a renaming."""
    asked = {"samples": 2, "title": "Two samples", "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    problem = Problem(network=[1, 1, 1], **{**asked, **more})
    w2, b1 = v("w2[0,0]"), "grad(b1[0]) != 0"
    dead = Identity({}, {b1: 1})
    lone = Compare(
        v("r[1,0]"),
        False,
        {
            "= 0": Identity({"case 1": w2}, {b1: 1}),
            "!= 0": Identity({"grad(w2[0,0]) = 0": w2}, {b1: 1, "z1[1,0] > 0": 1}),
        },
        "lone",
    )
    both = Identity({"grad(b2[0]) = 0": w2}, {b1: 1})
    root = Split(
        "z1[0,0]",
        {
            "z1[0,0] <= 0": Split("z1[1,0]", {"z1[1,0] <= 0": dead, "z1[1,0] > 0": lone}),
            "z1[0,0] > 0": Split(
                "z1[1,0]", {"z1[1,0] <= 0": Like("lone", Renaming((1, 0))), "z1[1,0] > 0": both}
            ),
        },
    )
    return proof(problem, ("dataset", 2, root))


def any_samples() -> Proof:
    """Moments: two patterns of one unit."""
    problem = Problem(network=[1, 1, 1], samples="any", zero=["w1", "b1"], nonzero=["w2"], where=["w2 != 0"])
    cofactors = {"grad(w1[0,0]) = 0": v("w1[0,0]"), "grad(b1[0]) = 0": v("b1[0]")}
    leaf = Identity(cofactors, {"grad(w2[0,0]) != 0": 1, "where[0]": 1})
    cases: dict[str, Node] = {
        "no sample": Identity({}, {"grad(w2[0,0]) != 0": 1}),
        "some sample": leaf,
    }
    return proof(problem, ("moments", None, Split("pattern 1", cases)))


def homogeneous() -> Proof:
    """Identities, with a disjunction and a Positivstellensatz leaf."""
    problem = Problem(
        network=[1, 1, 1], samples="any", zero=["w2", "b1"], nonzero=["w1"], where=["abs(w1) > 1"]
    )
    above = (Product(Fraction(1), {"where[0]": 1}), Product(Fraction(1), {}))
    root = Compare(
        v("w1[0,0]"),
        False,
        {
            "= 0": Alternatives(
                "t[0] attained",
                {
                    "0": Identity({"case 1": ONE, "t[0] attained/0": ONE}, {}, above),
                    "1": Identity({"case 1": -ONE, "t[0] attained/1": ONE}, {}, above),
                },
            ),
            "!= 0": Identity(
                {
                    "homogeneity of a1[0]": ONE,
                    "grad(w2[0,0]) = 0": v("w2[0,0]"),
                    "grad(b1[0]) = 0": -v("b1[0]"),
                },
                {"grad(w1[0,0]) != 0": 1, "case 1": 1},
            ),
        },
    )
    return proof(problem, ("identities", None, root))


def parity() -> Proof:
    """Whole numbers."""
    problem = Problem(network=[1, 1, 1], samples=1, domain="integer", zero=["b2"], where=["2*w1 == 3"])
    w1 = v("w1[0,0]")
    above = (Product(Fraction(2), {"case 1": 1}), Product(Fraction(1), {}))
    cases: dict[str, Node] = {
        "<= 1": Identity({"where[0]": -ONE}, {}, above),
        ">= 2": Identity({"where[0]": ONE}, {}, above),
    }
    return proof(problem, ("dataset", 1, Floor(w1, 1, cases)))


def several_parts() -> Proof:
    """A question about one sample and two, each by itself; a bounded activation; two outputs."""
    network = Network.mlp(1, 2, 2, activation=ACTIVATIONS["hardtanh"])
    problem = Problem(
        network=network,
        samples={"from": 1, "to": 2},
        zero=["b2[0]"],
        negative=["w1[1,0]"],
        where=["sum(y) == 0", "w2[0,1] == 0", "w2[1,1] == 0"],
    )
    label = "grad(w1[1,0]) < 0"
    parts = []
    for m in (1, 2):
        s = [f"s1[{n},1]" for n in range(m)]
        cofactors = {
            "where[1]": sum((v(f"r[{n},0]") * v(s[n]) * v(f"x[{n},0]") for n in range(m)), ONE * 0) * -1,
            "where[2]": sum((v(f"r[{n},1]") * v(s[n]) * v(f"x[{n},0]") for n in range(m)), ONE * 0) * -1,
        }
        parts.append(("dataset", m, Identity(cofactors, {label: 1})))
    return proof(problem, *parts)


PROOFS: dict[str, Callable[[], Proof]] = {
    "two-samples": two_samples,
    "any": any_samples,
    "homogeneous": homogeneous,
    "parity": parity,
    "parts": several_parts,
}
WRITERS: dict[str, Callable[[Problem, Certificate], str]] = {
    "txt": proof_text,
    "md": proof_markdown,
    "tex": proof_latex,
}
PAGES = [f"proof-{name}.{ending}" for name in PROOFS for ending in WRITERS]


@pytest.mark.parametrize("page", PAGES)
def test_golden(page: str, update_golden: bool) -> None:
    """The page is what its golden file says, byte for byte."""
    name, ending = page.removeprefix("proof-").split(".")
    found = WRITERS[ending](*PROOFS[name]())
    if update_golden:
        (GOLDEN / page).write_text(found, encoding="utf-8")
    assert found == (GOLDEN / page).read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    """Every golden file of a proof belongs to a page."""
    assert {path.name for path in GOLDEN.glob("proof-*") if path.suffix != ".v"} == set(PAGES)


@pytest.mark.parametrize("name", PROOFS)
def test_every_node_is_spoken_of_once(name: str) -> None:
    """No case of the tree is passed over in silence, and none is told twice."""
    problem, certificate = PROOFS[name]()
    told = Counter(
        node
        for block in blocks(problem, certificate)
        if isinstance(block, Paragraph)
        for node in block.speaks_of
    )
    assert told == Counter(id(node) for part in certificate.parts for node in nodes(part.root))


@pytest.mark.parametrize("width", [40, 60, 100])
def test_width(width: int) -> None:
    """Text keeps to its width."""
    lines = proof_text(*two_samples(), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


def test_statement_is_one_plain_text() -> None:
    """The theorem in words, with what is asked."""
    said = statement(*two_samples())
    assert "\n" not in said
    assert "\\" not in said
    assert "no dataset of 2 samples satisfy ∂L/∂w2 = 0, ∂L/∂b2 = 0, ∂L/∂w1 ≠ 0 and ∂L/∂b1 ≠ 0" in said
    assert "no dataset of any size" in statement(*any_samples())


def test_hostile_titles_are_escaped() -> None:
    """A title cannot colour a terminal, run TeX, or write Markdown."""
    hostile = two_samples(title=HOSTILE)
    assert "\x1b" not in proof_text(*hostile)
    latex = proof_latex(*hostile)
    assert r"\input" not in latex
    assert latex.isascii()
    heading = proof_markdown(*hostile).splitlines()[0]
    assert not re.search(r"(?<!\\)[$`<&\[\]]", heading)


def test_a_fragment_has_no_preamble() -> None:
    """The fragment is the document without its ends."""
    problem, certificate = two_samples()
    fragment = proof_latex(problem, certificate, document=False)
    assert "documentclass" not in fragment
    assert fragment in proof_latex(problem, certificate)


@pytest.mark.parametrize("name", PROOFS)
def test_markdown_formulas_survive_markdown(name: str) -> None:
    """No backslash before punctuation and no tag within dollar signs: Markdown would take them."""
    page = proof_markdown(*PROOFS[name]())
    formulas = re.findall(r"(?<!\\)\$([^$]+)\$", page)
    assert formulas
    assert not any(re.search(r"\\[^a-zA-Z]|[<>]|operatorname", formula) for formula in formulas)
    assert page.count("$") == 2 * len(formulas)


@pytest.mark.slow
@pytest.mark.needs("pdflatex")
@pytest.mark.parametrize("name", PROOFS)
def test_latex_compiles(name: str, tmp_path: Path) -> None:
    """The document as it is, with no line that runs out of the page."""
    problem, certificate = PROOFS[name]()
    (tmp_path / "proof.tex").write_text(proof_latex(problem, certificate), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "proof.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = run.stdout.decode(errors="replace")
    assert run.returncode == 0, log[-2000:]
    assert not [line for line in log.splitlines() if re.match(r"Overfull \\hbox \(\d{2,}", line)]
