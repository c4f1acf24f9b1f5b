"""What notebooks show: HTML and LaTeX that are whole, text from files as text, nothing loaded before."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import zerograd as zg
from tests.effort import examples
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, Identity, Part
from zerograd.core.verdict.answer import Sat, Unknown, Unsat
from zerograd.core.verdict.witness import Witness
from zerograd.show.jupyter import as_html, as_latex

HOSTILE = "</table></pre><script>alert(1)</script> $x_1$ & \\input{/etc/passwd} \\( % # ~ ^ { \x1b[31m"
VOID = {"br", "hr", "img", "input", "meta", "link"}


def problem(**asked: Any) -> Problem:
    question: dict[str, Any] = {"samples": 3, "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]} | asked
    return Problem(network=Network.mlp(1, 1, 1), **question)


def sat(**asked: Any) -> Sat:
    values: dict[str, Array[Any]] = {
        "w1": Array((1, 1), (1,)), "b1": Array((1,), (-1,)), "w2": Array((1, 1), (1,)),
        "b2": Array((1,), (-1,)), "x": Array((3, 1), (0, 2, 3)), "y": Array((3, 1), (-2, 2, 0)),
    }  # fmt: skip
    question = problem(**asked)
    return Sat(Witness.of(question, values), problem=question)


def certified(**asked: Any) -> Unsat:
    """One sample and a line: if the intercept's gradient is zero, so is the slope's."""
    question = Problem(network=Network.mlp(1, 1), samples=1, zero=["b1"], nonzero=["w1"], **asked)
    root = Identity({"grad(b1[0]) = 0": Polynomial.variable("x[0,0]")}, {"grad(w1[0,0]) != 0": 1})
    certificate = Certificate(question.digest, (Part("dataset", 1, root),))
    return Unsat("certificate", problem=question, certificate=certificate)


def proof(**asked: Any) -> zg.Proof:
    found = certified(**asked)
    assert found.certificate is not None
    return zg.Proof(found.problem, found.certificate)


def every(**asked: Any) -> dict[str, Any]:
    """All that a notebook shows, by name."""
    return {
        "problem": problem(**asked),
        "sat": sat(**asked),
        "unsat": certified(**asked),
        "solver": Unsat("solver", problem=problem(**asked | {"samples": 2})),
        "unknown": Unknown("timeout", "it took <too> long & more", problem=problem(**asked)),
        "proof": proof(**asked),
    }


class Page(HTMLParser):
    """The elements and the text of a fragment whose elements must all be closed, in order."""

    def __init__(self, fragment: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(fragment)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


NAMES = list(every())
WITH_LATEX = [name for name in NAMES if name not in ("solver", "unknown")]


@pytest.mark.parametrize("name", NAMES)
def test_html_is_whole(name: str) -> None:
    """Every element is closed; there are no scripts, no links, nothing that is loaded."""
    page = Page(str(every(title="A title")[name]._repr_html_()))
    assert not {"script", "style", "iframe", "object", "link", "img", "form"} & set(page.tags)
    assert page.tags[0] == "div"


@pytest.mark.parametrize("name", NAMES)
def test_text_from_files_is_text(name: str) -> None:
    """A title is what it says, in HTML and in LaTeX; MathJax, which looks for dollars, passes it over."""
    hostile, plain = every(title=HOSTILE)[name], every(title="A title")[name]
    shown, usual = str(hostile._repr_html_()), str(plain._repr_html_())
    assert Page(shown).tags == Page(usual).tags
    if name not in ("solver", "unknown"):
        assert "</table></pre><script>alert(1)</script> $x_1$ & \\input{/etc/passwd}" in Page(shown).text
    assert re.match(r'<div class="tex2jax_ignore mathjax_ignore">', shown)
    assert "\x1b" not in shown
    latex = hostile._repr_latex_()
    assert latex is None or not re.search(
        r"\\input|<script|\x1b", latex.replace("\\textbackslash{}input", "")
    )


@examples(15)
@given(title=st.text(max_size=40), notes=st.text(max_size=40))
def test_no_title_changes_the_page(title: str, notes: str) -> None:
    """Whatever a stranger calls a problem."""
    for name in ("problem", "unsat"):
        shown = every(title=f"a{title}", notes=notes)[name]._repr_html_()
        assert Page(str(shown)).tags == Page(str(every(title="a")[name]._repr_html_())).tags


def test_what_is_asked_of_a_problem() -> None:
    """A table: network, samples, question; conditions are text."""
    asked = problem(title="A & B", where=["w1 < 5", "b1 > -3"])
    page = Page(str(as_html(asked)))
    assert page.tags.count("table") == page.tags.count("caption") == 1
    for text in ("A & B", "1 → 1 relu → 1 linear, mean squared error", "zero: w2, b2", "w1 < 5", "b1 > -3"):
        assert text in page.text
    assert "w1 &lt; 5" in str(as_html(asked)) and "b1 &gt; -3" in str(as_html(asked))
    assert "caption" not in Page(str(as_html(problem()))).tags


def test_what_is_said_of_answers() -> None:
    """A witness is worked out by hand, a proof is told, a solver's word and an unknown say so."""
    told = {name: Page(str(thing._repr_html_())) for name, thing in every().items()}
    assert "math" in told["sat"].tags and "Here is an answer with 3 samples" in told["sat"].text
    assert "Claim" in told["unsat"].text and told["unsat"].text == told["proof"].text
    assert "No parameters of the network 1 → 1 linear and no dataset of 1 sample" in told["proof"].text
    assert "pre" in told["solver"].tags and "unsat" in told["solver"].text
    assert "it took <too> long & more" in told["unknown"].text and "unknown" in told["unknown"].text


@pytest.mark.parametrize("name", WITH_LATEX)
def test_latex_is_a_fragment(name: str) -> None:
    """ASCII, without a preamble; braces and environments are balanced."""
    latex = every(title=HOSTILE)[name]._repr_latex_()
    assert latex is not None and latex.isascii()
    assert "\\documentclass" not in latex and "\\usepackage" not in latex
    bare = re.sub(r"\\[\\{}$%#&]", "", latex)
    depth = 0
    for character in bare:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    stack: list[str] = []
    for kind, environment in re.findall(r"\\(begin|end)\{(\w+\*?)\}", latex):
        if kind == "begin":
            stack.append(environment)
        else:
            assert stack.pop() == environment
    assert not stack
    assert bare.count("$") % 2 == 0 and latex.count("\\begingroup") == latex.count("\\endgroup")


def test_what_has_no_latex() -> None:
    """IPython takes None for "not in this form"."""
    assert every()["solver"]._repr_latex_() is None
    assert every()["unknown"]._repr_latex_() is None


def test_formulas_of_a_wide_network_are_not_derived() -> None:
    """A notebook asks for LaTeX whether or not it will show it; that must not take minutes."""
    wide = Problem(network=Network.mlp(50, 100, 100, 10), samples=3, zero=["w1"])
    assert as_latex(wide) is None
    html = as_html(wide)
    assert html is not None and "50 → 100 relu → 100 relu → 10 linear" in html


@pytest.mark.slow
@pytest.mark.needs("pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    """All fragments in one document with amsmath, as nbconvert makes one."""
    body = "\n\n".join(str(every(title=HOSTILE)[name]._repr_latex_()) for name in WITH_LATEX)
    start = "\\documentclass{article}\\usepackage{amsmath,amssymb}\\begin{document}"
    text = f"{start}\n{body}\n\\end{{document}}\n"
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert run.returncode == 0, run.stdout[-2000:]


SCRIPT = """
import sys
import zerograd as zg
problem = zg.Problem(network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"])
heavy = "sympy", "z3", "numpy", "matplotlib", "torch", "zerograd.show"
assert not [name for name in heavy if name in sys.modules], "before"
html = problem._repr_html_()
assert html.startswith("<div") and "zero: w2, b2" in html
assert not [name for name in heavy[:-1] if name in sys.modules], "HTML"
assert "begin{aligned}" in problem._repr_latex_()
"""

ALONE = """
import sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[:2] == ["zerograd", "show"]:
            raise ImportError(name)
sys.meta_path.insert(0, Watch())
sys.modules["zerograd"] = type(sys)("zerograd")
sys.modules["zerograd"].__path__ = [sys.argv[1]]
from zerograd.core.question.problem import Problem
problem = Problem(network=[1, 1], samples=1, zero=["w1"])
assert not hasattr(problem, "_repr_html_") and not hasattr(problem, "_repr_latex_")
"""


@pytest.mark.parametrize("script", [SCRIPT, ALONE], ids=["whole", "core alone"])
def test_nothing_is_loaded_before_it_is_shown(script: str) -> None:
    """Importing loads nothing heavy, HTML of a problem neither; the core by itself has no form to show."""
    folder = str(Path(zg.__file__).parent)
    run = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def cell_output(cells: list[str], folder: Path) -> Any:
    """The data, by mime type, of the last thing that a notebook shows."""
    v4: Any = nbformat.v4
    document = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(document, timeout=120, resources={"metadata": {"path": folder}}).execute()
    return document.cells[-1].outputs[-1].data


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of Jupyter's own
def test_in_a_notebook(tmp_path: Path) -> None:
    """What a cell ends with is shown: the witness as HTML and LaTeX, an axes as an image."""
    asked = "network=[1, 1, 1], zero=['w2', 'b2'], nonzero=['w1', 'b1']"
    start = ["import zerograd as zg", f"problem = zg.Problem({asked}, samples=3, title='A <b> title')"]
    data = cell_output([*start, "zg.solve(problem, timeout=60)"], tmp_path)
    assert set(data) == {"text/plain", "text/html", "text/latex"}
    assert "Here is an answer with 3 samples" in Page(data["text/html"]).text
    assert "A <b> title" in Page(data["text/html"]).text
    assert "\\section*" in data["text/latex"] and "documentclass" not in data["text/latex"]
    assert data["text/plain"].startswith("<Sat")
    shown = cell_output([*start, "problem"], tmp_path)
    assert "zero: w2, b2" in shown["text/html"] and "aligned" in shown["text/latex"]
    no = cell_output(
        [f"import zerograd as zg\nzg.solve(zg.Problem({asked}, samples=2), timeout=60)"], tmp_path
    )
    assert "Claim" in no["text/html"]
    answer = [*start, "%matplotlib inline", "answer = zg.solve(problem, timeout=60)"]
    assert "image/png" in cell_output([*answer, "zg.plot(answer).figure"], tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of Jupyter's own
def test_pictures_and_tables_in_a_fresh_notebook(tmp_path: Path) -> None:
    """Without any magic command: `plot` shows a picture, in two forms, and `atlas` a table."""
    asked = "network=[1, 1, 1], zero=['w2', 'b2'], nonzero=['w1', 'b1']"
    start = ["import zerograd as zg", f"answer = zg.solve(zg.Problem({asked}, samples=3), timeout=60)"]
    data = cell_output([*start, "zg.plot(answer)"], tmp_path)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "<svg" in data["image/svg+xml"]
    none = f"zg.plot(zg.solve(zg.Problem({asked}, samples=2), timeout=60))"
    assert "<svg" in cell_output([*start[:1], none], tmp_path)["image/svg+xml"]
    atlas = "zg.atlas(zg.Problem(network=[1, 1], samples='any'), timeout=60)"
    page = Page(cell_output([*start[:1], atlas], tmp_path)["text/html"])
    assert page.tags.count("table") == 1 and page.tags.count("tr") == 5
    assert "fewest samples" in page.text and "∂L/∂w1" in page.text


def test_an_atlas_is_a_table() -> None:
    """In HTML with every row, and as a fragment of LaTeX; a title is what it says."""
    found = zg.atlas(zg.Problem(network=[1, 1], samples="any", title=HOSTILE), timeout=60)
    page = Page(found._repr_html_())
    assert page.tags.count("tr") == 1 + len(found.rows)
    assert "<script>alert(1)</script>" in page.text and "script" not in page.tags
    latex = found._repr_latex_()
    assert "\\begin{tabular}" in latex and "documentclass" not in latex


def test_pictures_show_themselves() -> None:
    """Axes of a new figure do; those of the user are shown by the user's backend, once."""
    axes: Any = zg.plot(sat(), figsize=(5, 4))
    content, shown = axes._repr_png_()
    assert content.startswith(b"\x89PNG") and shown == {"width": 500, "height": 400}
    assert axes._repr_svg_() == axes._repr_svg_() and "<svg" in axes._repr_svg_()
    mine: Any = Figure().add_subplot()
    assert not hasattr(zg.plot(sat(), ax=mine), "_repr_png_")
