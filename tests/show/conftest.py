"""Coq and a browser, where they are installed; and answers with samples on kinks."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.model.activations import piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Network
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

AXIOMS = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}


@pytest.fixture
def coqc(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """What coqc says of a text."""

    def compiled(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "proof.v").write_text(text, encoding="utf-8")
        return subprocess.run(["coqc", "proof.v"], cwd=tmp_path, capture_output=True, text=True, check=False)

    return compiled


@pytest.fixture
def coq_accepts(coqc: Callable[[str], subprocess.CompletedProcess[str]]) -> Callable[[str], None]:
    """Asserts that a text compiles, and rests on no axioms but those of Coq's real numbers."""

    def accepts(text: str) -> None:
        run = coqc(text)
        assert run.returncode == 0, run.stderr
        axioms = set(re.findall(r"^(\S+)\s*(?:$|:)", run.stdout.replace("Axioms:", ""), re.MULTILINE))
        assert axioms
        assert axioms <= AXIOMS
        assert run.stdout.count("Axioms:") == text.count("Print Assumptions")

    return accepts


@pytest.fixture(scope="session")
def warm() -> Iterator[subprocess.Popen[str]]:
    """What runs many scripts in one process: libraries take seconds to load, and are slow at first."""
    command = [sys.executable, str(Path(__file__).with_name("scripts.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


@pytest.fixture
def script_passes(tmp_path: Path, warm: subprocess.Popen[str]) -> Callable[[str], str]:
    """Run a script alone, and assert that it ends well; what it prints."""

    def passes(text: str) -> str:
        script = tmp_path / "script.py"
        script.write_text(text, encoding="utf-8")
        assert warm.stdin is not None and warm.stdout is not None
        warm.stdin.write(f"{script}\n")
        warm.stdin.flush()
        said = json.loads(warm.stdout.readline())
        assert not said["raised"], said["raised"]
        return str(said["out"])

    return passes


@pytest.fixture(scope="session")
def kinked() -> type[Kinked]:
    """What draws answers in which samples sit on kinks."""
    return Kinked


class Kinked:
    """Draws a witness, then asks of its gradients what holds of them; the same seed draws the same."""

    @staticmethod
    def draw(
        network: Network, convention: Kink, *, seed: int = 0, samples: int = 3, denominator: int = 1
    ) -> Sat:
        """An answer in which, where there are biases, the first sample sits on a kink of every unit.

        Args:
            denominator: of all numbers; with one that is no power of two, float64 rounds.
        """
        largest = 99 if convention == "forbid" else 9  # more of them, fewer on a kink by chance
        dice = random.Random(f"{network} {convention} {seed} {denominator}")

        def number() -> Exact:
            value = Fraction(dice.randint(-largest, largest), denominator)
            return value.numerator if value.denominator == 1 else value

        shapes = variable_shapes(network, samples)
        values: dict[str, Array[Exact]] = {
            name: Array.build(shape, lambda _: number()) for name, shape in shapes.items()
        }
        plain = Problem(network=network, samples=samples, derivative_at_kink="torch")
        for position, layer in enumerate(network.layers):
            kinks = piecewise(layer.activation).kinks
            if kinks and layer.bias and convention != "forbid":
                values[f"b{position + 1}"] = Array((layer.units,), (0,) * layer.units)
                z = Witness.of(plain, values).forward.z[position].rows()[0]
                moved = tuple(kinks[i % len(kinks)] - value for i, value in enumerate(z))
                values[f"b{position + 1}"] = Array((layer.units,), moved)
        return Kinked.answer(network, convention, values)

    @staticmethod
    def answer(network: Network, convention: Kink, values: Mapping[str, Array[Any]], **labels: Any) -> Sat:
        """The answer with these values to the question whether gradients can have just their signs."""
        samples = values["x"].shape[0]
        plain = Problem(network=network, samples=samples, derivative_at_kink=convention)
        gradients = Witness.of(plain, values).gradients
        asked: dict[str, Any] = {"zero": [], "positive": [], "negative": []}
        for name, array in gradients.items():
            for index, value in array.items():
                relation = ("zero", "positive", "negative")[sign(value)]
                asked[relation].append(entry(name, index))
        problem = Problem(network=network, samples=samples, derivative_at_kink=convention, **asked, **labels)
        return Sat(Witness.of(problem, values), problem=problem)


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    """Headless Chromium."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:  # before this, a test that needs them was skipped
        pytest.fail("chromium and chromedriver are not installed")
    options = ChromeOptions()
    options.binary_location = program
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,1400"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture
def open_html(browser: Chrome, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Opens a page from a file. In the end the browser must have had no complaint."""
    from tests.show.pages import requests

    browser.set_window_size(1200, 1400)
    browser.get("about:blank")
    for log in ("browser", "performance"):
        browser.get_log(log)  # type: ignore[no-untyped-call]  # selenium's

    def open_page(html: str) -> None:
        place = tmp_path / "page.html"
        place.write_text(html, encoding="utf-8")
        browser.get(place.as_uri())

    yield open_page
    assert [line["message"] for line in browser.get_log("browser")] == []  # type: ignore[no-untyped-call]
    assert all(url.startswith(("file:", "data:", "about:")) for url in requests(browser))


@pytest.fixture
def opened(open_html: Callable[[str], None]) -> Callable[[Sat], None]:
    """Opens the page of an answer."""
    from zerograd.show.page import page_html

    return lambda sat: open_html(page_html(sat))
