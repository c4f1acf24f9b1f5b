"""What people see, kept as files: ``pytest --update-golden`` rewrites them, and a diff shows the change.

The witnesses are fixed here, so that no golden file depends on what a solver happens to find.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from zerograd.core.model.activations import ACTIVATIONS, LINEAR, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, Identity, Part, Product, Split
from zerograd.core.verdict.answer import Answer, Attempt, Run, Sat, Unknown, Unsat
from zerograd.core.verdict.atlas import patterns, row_problem
from zerograd.core.verdict.row import Row
from zerograd.core.verdict.witness import witness_from_json
from zerograd.problem_report import report_of
from zerograd.search.smtlib import question_smtlib
from zerograd.show.coq import proof_coq
from zerograd.show.notebook import notebook
from zerograd.show.say.atlas import atlas_latex, atlas_markdown, atlas_text
from zerograd.show.say.derivation import derivation_html, derivation_latex, derivation_markdown
from zerograd.show.say.gradients import gradients_latex, gradients_text
from zerograd.show.scripts import jax_script, pytorch_script
from zerograd.show.text import answer_text

HERE = Path(__file__).parent
VERSIONS = {"zerograd": "0.1.0", "z3": "4.15.0", "sympy": "1.14.0"}
CHECKS = {
    "float64": {"largest_deviation": 1.1102230246251565e-16},
    "finite_differences": {"largest_deviation": 2.5e-11, "compared": 7, "entries": 7},
    "torch": "not installed",
}
FOUNDING: dict[str, Any] = {"network": [1, 1, 1], "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}


def run(strategy: str | None = "piecewise", **more: Any) -> Run:
    return Run(strategy=strategy, seconds=0.25, versions=VERSIONS, **more)


def sat(problem: Problem, parameters: Any, x: Any, y: Any, *, field: Any = None, **more: Any) -> Sat:
    document = {"format": "zerograd.witness/1", "parameters": parameters, "x": x, "y": y}
    if field is not None:
        document["field"] = field
    return Sat(
        witness_from_json(problem, document), problem=problem, **{"checks": CHECKS, "run": run(), **more}
    )


def founding(**more: Any) -> Sat:
    problem = Problem(**{"samples": 3, "title": "The founding question", **FOUNDING, **more.pop("asked", {})})
    parameters = {"w1": [[1]], "b1": [-1], "w2": [[1]], "b2": [-1]}
    return sat(problem, parameters, [[0], [2], [3]], [[-2], [2], [0]], **more)


def two_outputs() -> Sat:
    problem = Problem(
        network=[2, 2, 2],
        samples=3,
        title="Two inputs, two units, two outputs",
        zero=["b2[0]", "w2[0,1]"],
        nonzero=["w1[0,1]", "b1[0]"],
        some_nonzero=["w1", "w2"],
        where=["x[0,0] == 1", "sum(y) > 0"],
    )
    parameters = {"w1": [[1, -1], [2, "1/2"]], "b1": [0, -3], "w2": [[1, 0], ["-1/3", 2]], "b2": [1, 0]}
    return sat(problem, parameters, [[1, 1], [3, 1], [0, -2]], [[0, 1], [3, 9], [4, 0]])


def deep() -> Sat:
    network = Network(
        1, (Layer(1), Layer(2, ACTIVATIONS["hardtanh"]), Layer(1, leaky_relu("1/10"), bias=False))
    )
    problem = Problem(network=network, samples=2, title="Deep", zero=["w2[1,0]"], some_nonzero=["w1"])
    parameters = {"w1": [[2]], "b1": [-1], "w2": [["1/2"], [3]], "b2": [0, 0], "w3": [[1, -1]]}
    return sat(problem, parameters, [[1], ["3/2"]], [[1], [0]])


def algebraic() -> Sat:
    problem = Problem(**FOUNDING, samples=3, title="A weight that is no fraction", where=["w1**2 == 2"])
    alpha, minus, plus_two = {"alpha": ["0", "1"]}, {"alpha": ["0", "-1"]}, {"alpha": ["2", "1"]}
    return sat(
        problem,
        {"w1": [[alpha]], "b1": [minus], "w2": [["1"]], "b2": ["0"]},
        [["0"], ["2"], ["3"]],
        [["-1"], [plus_two], [{"alpha": ["-1", "2"]}]],
        field={"polynomial": ["-2", "0", "1"], "interval": ["1", "2"]},
    )


def inputs() -> Sat:
    network = Network(1, (Layer(1, bias=False), Layer(1, LINEAR, bias=False)))
    problem = Problem(network=network, samples=2, title="Two inputs that never move", zero=["x"])
    return sat(problem, {"w1": [[1]], "w2": [[1]]}, [[-1], [5]], [[5], [5]])


def fewest() -> Sat:
    attempts = (Attempt(1, "unsat"), Attempt(2, "unsat"), Attempt(3, "sat"))
    return founding(asked={"samples": "fewest"}, run=run(attempts=attempts, sufficient_samples=4))


def unsat() -> Unsat:
    return Unsat("solver", problem=Problem(**FOUNDING, samples=2, title="Two samples"), run=run())


def unsat_any() -> Unsat:
    problem = Problem(network=[1, 1, 1], samples="any", zero=["w1", "b1"], nonzero=["w2"], where=["w2 != 0"])
    attempts = tuple(Attempt(m, "unsat") for m in (1, 2, 3))
    return Unsat("solver", problem=problem, run=run(attempts=attempts, sufficient_samples=3))


def unknown() -> Unknown:
    problem = Problem(
        network=[1, 3, 1],
        samples={"from": 2, "to": 6},
        zero=["w1"],
        positive=["b2"],
        derivative_at_kink="forbid",
        given={"w2": [[1, None, None]]},
        bounds={"x": [-5, "1/2"], "b1[0]": [0, None]},
        domain="integer",
    )
    attempts = (Attempt(2, "unsat"), Attempt(3, "unsat"), Attempt(4, "unknown", "timeout"))
    return Unknown(
        "timeout", "ruled out so far: 2-3 samples", problem=problem, run=run(None, attempts=attempts)
    )


def verbose() -> str:
    notes = (
        "A unit that is off on one sample.\n\nThe residuals are (1, -2, 1): \x1b[31mno escape codes\x1b[0m."
    )
    return answer_text(
        founding(asked={"notes": notes, "references": ["https://example.org/1"]}), verbose=True
    )


ANSWERS: dict[str, Callable[[], Answer]] = {
    "founding": founding,
    "two-outputs": two_outputs,
    "deep": deep,
    "algebraic": algebraic,
    "inputs": inputs,
    "fewest": fewest,
    "unsat": unsat,
    "unsat-any": unsat_any,
    "unknown": unknown,
}

ABS, HARDTANH, RELU6 = (ACTIVATIONS[name] for name in ("abs", "hardtanh", "relu6"))
QUESTIONS = {
    "scalar": Problem(**FOUNDING, samples=3, title="The founding question"),
    "two-units": Problem(network=[2, 2, 1], samples=2, zero=["x", "w1", "b2"], title="100% of {w_1} & α"),
    "two-outputs": Problem(network=[1, 1, 2], samples=2),
    "deep": Problem(network=[1, 2, 2, 1], samples=2),
    "wide": Problem(network=[10, 50, 3], samples=2, nonzero=["w1", "w2[1,7]"]),
    "abs": Problem(network=Network.mlp(1, 1, 1, activation=ABS), samples=2),
    "hardtanh": Problem(network=Network.mlp(1, 1, 1, activation=HARDTANH), samples=2),
    "leaky-right": Problem(
        network=Network.mlp(1, 1, 1, activation=leaky_relu("1/10")), samples=2, derivative_at_kink="right"
    ),
    "forbid": Problem(network=Network.mlp(1, 1, 1, bias=False), samples=2, derivative_at_kink="forbid"),
    "relu6-at-output": Problem(network=Network(1, (Layer(1, RELU6),)), samples=2, nonzero=["x"]),
}


def atlas() -> tuple[Problem, list[Row]]:
    """A row of each kind, whatever the truth: only witnesses cannot be made up."""
    problem = Problem(
        network=[1, 1, 1],
        samples="fewest",
        title="100% of {w_1} & *α* | \x1b[31m",
        zero=["w1", "b1", "b2[0]"],
        where=["x[0] != 3"],
        bounds={"y": (-9, None)},
    )
    asked = [(pattern, row_problem(problem, pattern)) for pattern in patterns(problem)]
    zero = {"w1": [[1]], "b1": [-1], "w2": [[1]], "b2": [0]}
    inactive = {"w1": [[0]], "b1": [-1], "w2": [[1]], "b2": [0]}
    one, other = Attempt(1, "unsat"), Attempt(1, "unknown", "timeout")
    two = Attempt(2, "sat")
    answers: list[Answer] = [
        sat(asked[0][1], zero, [[0]], [[0]]),
        sat(asked[1][1], inactive, [[0], [0]], [[1], [1]], run=run(attempts=(one, two))),
        Unsat("solver", problem=asked[2][1], run=run()),
        Unknown("memory", "the search ran out of memory", problem=asked[3][1], run=run(None)),
        *(Unknown("timeout", problem=question, run=run(None)) for _, question in asked[4:7]),
        sat(asked[7][1], zero, [[2], [2]], [[0], [0]], run=run(attempts=(other, two))),
    ]
    return problem, [
        Row(pattern, question, answer.to_json())
        for (pattern, question), answer in zip(asked, answers, strict=True)
    ]


def long_atlas() -> tuple[Problem, list[Row]]:
    """More rows than fit on a page, of a range of samples."""
    problem = Problem(network=[1, 1, 1, 1], samples={"from": 2, "to": 4}, zero=["w1", "w2"])
    problem = problem.with_query(zero=["w1", "b1", "w2", "b2", "w3", "b3"])
    asked = [(pattern, row_problem(problem, pattern)) for pattern in patterns(problem)]
    return problem, [
        Row(pattern, question, Unsat("solver", problem=question, run=run()).to_json())
        for pattern, question in asked
    ]


def coq_proof() -> str:
    """The headline for one sample: a unit that is off has no gradient, and one that is on none of its own."""
    problem = Problem(**{**FOUNDING, "samples": 1, "title": 'One (*sample*) and "no" answer'})
    off = Identity({}, {"grad(b1[0]) != 0": 1})
    on = Identity({"grad(b2[0]) = 0": Polynomial.variable("w2[0,0]")}, {"grad(b1[0]) != 0": 1})
    root = Split("z1[0,0]", {"z1[0,0] <= 0": off, "z1[0,0] > 0": on})
    return proof_coq(problem, Certificate(problem.digest, (Part("dataset", 1, root),)))


def coq_proof_for_every_m() -> str:
    """A unit that is on at all samples: the gradients by both biases are proportional."""
    problem = Problem(network=[1, 1, 1], samples="any", zero=["b2"], nonzero=["b1"], where=["z1 > 0"])
    proportional = Identity({"grad(b2[0]) = 0": Polynomial.variable("w2[0,0]")}, {"grad(b1[0]) != 0": 1})
    sides = ("z1[0] <= 0 at x0", "where[0] at x0")
    never = Identity({}, {}, tuple(Product(Fraction(1), {side: 1}) for side in sides))
    root = Split("pattern 0", {"no sample": proportional, "some sample": never})
    return proof_coq(problem, Certificate(problem.digest, (Part("moments", None, root),)))


DERIVED: dict[str, Callable[[], Sat]] = {"founding": founding, "two-outputs": two_outputs, "deep": deep}
STYLES: dict[str, Callable[[Sat], str]] = {
    "md": derivation_markdown,
    "tex": derivation_latex,
    "html": derivation_html,
}


def derived(name: str, ending: str) -> str:
    """A witness worked out by hand."""
    return STYLES[ending](DERIVED[name]())


def explained_deep() -> str:
    """A problem with several causes: a layer off, one therefore on the kink, and terms that cancel."""
    numbers = {
        "w1": [1, -1],
        "b1": [0, 0],
        "w2": [[-1, -1], [-1, -2]],
        "b2": [0, 0],
        "w3": [[1, 2], [3, 1]],
        "b3": [0, 0],
        "w4": [[1, -1]],
        "b4": 2,
        "x": [-1, 1],
        "y": [1, 3],
    }
    return str(report_of(Problem(network=[1, 2, 2, 2, 1], samples=2, given=numbers, zero=["w1", "b4"])))


PAGES: dict[str, Callable[[], str]] = {
    "explained-deep.txt": explained_deep,
    "explained-algebraic.txt": lambda: str(report_of(algebraic())),
    "proof-headline.v": coq_proof,
    "proof-every-m.v": coq_proof_for_every_m,
    **{f"answer-{name}.txt": lambda make=make: answer_text(make()) for name, make in ANSWERS.items()},  # type: ignore[misc]
    "answer-verbose.txt": verbose,
    "script-founding.pytorch": lambda: pytorch_script(founding()),
    "script-deep.pytorch": lambda: pytorch_script(deep()),
    "script-deep.jax": lambda: jax_script(deep()),
    "script-algebraic.jax": lambda: jax_script(algebraic()),
    "notebook-two-outputs.json": lambda: notebook(two_outputs()),
    "question-two-outputs.smt2": lambda: question_smtlib(two_outputs().problem, 3, status="sat"),
    "atlas.txt": lambda: atlas_text(*atlas()),
    "atlas.md": lambda: atlas_markdown(*atlas()),
    "atlas.tex": lambda: atlas_latex(*atlas()),
    "atlas-long.tex": lambda: atlas_latex(*long_atlas()),
    **{f"derivation-{name}.{end}": partial(derived, name, end) for name in DERIVED for end in STYLES},
    "answer-narrow.txt": lambda: answer_text(deep(), width=60),
    **{f"gradients-{name}.txt": lambda p=p: gradients_text(p) for name, p in QUESTIONS.items()},  # type: ignore[misc]
    **{f"gradients-{name}.tex": lambda p=p: gradients_latex(p) for name, p in QUESTIONS.items()},  # type: ignore[misc]
}


@cache
def page_of(name: str) -> str:
    return PAGES[name]()


@pytest.mark.parametrize("name", PAGES)
def test_golden(name: str, update_golden: bool) -> None:
    """The page is what its golden file says, byte for byte."""
    found = page_of(name)
    path = HERE / name
    if update_golden:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


LATEX = [name for name in PAGES if name.endswith(".tex")]


@pytest.mark.parametrize("name", LATEX)
def test_latex_is_balanced(name: str) -> None:
    """Braces, math delimiters and environments are closed in order; no line of an environment is blank."""
    page = page_of(name)
    assert page.isascii()
    open_groups: list[str] = []
    for token in re.finditer(r"\\begin\{([a-z*]+)\}|\\end\{([a-z*]+)\}|\\\(|\\\)|(?<!\\)[{}]", page):
        text = token[0]
        if token[1] or text in ("{", r"\("):
            open_groups.append(token[1] or text)
        else:
            assert open_groups.pop() == (token[2] or {"}": "{", r"\)": r"\("}[text])
    assert not open_groups
    for block in re.findall(r"\\begin\{align\*\}\n(.*?)\\end\{align\*\}", page, re.DOTALL):
        assert all(line.count("&=") == 1 for line in block.strip().split("\n"))


@pytest.mark.needs("pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    """All pages together, in a document that loads amsmath and nothing else."""
    pages = "\n\\newpage\n".join(
        page_of(name) for name in LATEX if not name.startswith(("atlas", "derivation"))
    )
    preamble = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
    compile_latex(tmp_path, f"{preamble}{pages}\\end{{document}}\n")


@pytest.mark.needs("pdflatex")
@pytest.mark.parametrize("name", [name for name in LATEX if name.startswith(("atlas", "derivation"))])
def test_latex_of_documents_compiles(tmp_path: Path, name: str) -> None:
    """Atlases and derivations are documents of their own."""
    compile_latex(tmp_path, page_of(name))


def compile_latex(folder: Path, text: str) -> None:
    (folder / "page.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    run = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith(".txt")])
def test_width(name: str) -> None:
    """Text keeps to 100 columns, and leaves no blanks at line ends."""
    lines = page_of(name).splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)


def test_no_golden_file_is_left_over() -> None:
    """Every golden file belongs to a page."""
    kept = {path.name for path in HERE.iterdir() if path.suffix not in (".py", ".pyc")} - {"__pycache__"}
    proofs = {name for name in kept if name.startswith("proof-")}  # of tests/show/test_proof.py
    assert kept - proofs == PAGES.keys() - proofs
