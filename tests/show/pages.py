"""Answers to make interactive pages of, and what a browser shows of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from zerograd.core.numbers.arrays import Array
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness, witness_from_json

Page = Callable[[Sat], None]
"""Opens the page of an answer."""


def answer(problem: Problem, parameters: dict[str, Any], x: Any, y: Any, **field: Any) -> Sat:
    """A checked answer from nested lists of exact numbers."""
    document = {"format": "zerograd.witness/1", "problem": problem.digest} | field
    return Sat(
        witness_from_json(problem, document | {"parameters": parameters, "x": x, "y": y}), problem=problem
    )


def founding(**labels: Any) -> Sat:
    """The counterexample of the README."""
    problem = Problem(network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"], **labels)
    parameters = {"w1": [["-1"]], "b1": ["1"], "w2": [["-1"]], "b2": ["0"]}
    return answer(problem, parameters, [["2"], ["-2"], ["-1"]], [["1"], ["-1"], ["-5"]])


def irrational() -> Sat:
    """A counterexample with w1 = √2."""
    problem = Problem(
        network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"], where=["w1**2 == 2", "w1 > 0"]
    )
    root = {"alpha": ["0", "1"]}
    parameters = {"w1": [[root]], "b1": [{"alpha": ["0", "-1"]}], "w2": [["1"]], "b2": ["0"]}
    targets = [["-1"], [{"alpha": ["2", "1"]}], [{"alpha": ["-1", "2"]}]]
    field = {"polynomial": ["-2", "0", "1"], "interval": ["1", "2"]}
    return answer(problem, parameters, [["0"], ["2"], ["3"]], targets, field=field)


def two_outputs() -> Sat:
    """Two inputs and two outputs, and a question about ∂L/∂x."""
    problem = Problem(network=[2, 2, 2], samples=2, some_nonzero=["w1"], positive=["b2[1]"], zero=["x[0,1]"])
    parameters = {
        "w1": [["1", "0"], ["-1", "1/2"]],
        "b1": ["0", "0"],
        "w2": [["1", "2"], ["0", "1"]],
        "b2": ["0", "0"],
    }
    return answer(problem, parameters, [["1", "2"], ["-1", "-4"]], [["0", "-1"], ["1", "0"]])


def requests(browser: Chrome) -> list[str]:
    """The addresses that pages asked for."""
    events = [json.loads(line["message"])["message"] for line in browser.get_log("performance")]  # type: ignore[no-untyped-call]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


def shown_gradients(browser: Chrome) -> dict[str, str]:
    """Every entry in full, by its label, once the page has drawn what was last changed."""
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    rows = browser.find_elements(By.CSS_SELECTOR, "#gradients tr")
    return {str(row.get_attribute("data-gradient")): str(row.get_attribute("data-exact")) for row in rows}


def shown_witness(browser: Chrome, sat: Sat) -> Witness:
    """The network and the dataset in the page's fields, as a witness of the core."""
    fields = browser.find_elements(By.CSS_SELECTOR, "input.number")
    exact = {field.get_attribute("aria-label"): field.get_attribute("data-exact") for field in fields}
    values: dict[str, Array[Any]] = {}
    for name, array in sat.witness.variables.items():
        found = [
            Fraction(str(text))
            for label, text in exact.items()
            if re.fullmatch(rf"{name}(\[.*\]| of sample .*)?", str(label))
        ]
        values[name] = Array(array.shape, tuple(found))
    return Witness.of(sat.problem, values)


def core_gradients(witness: Witness) -> dict[str, str]:
    """What the core finds, by the labels of a network with one unit in each layer."""
    return {f"∂L/∂{name}": str(witness.gradients[name].entries[0]) for name in witness.parameters}


def point(browser: Chrome, sample: int) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, f".point[data-sample='{sample}']")


def replace(field: WebElement, *keys: str) -> None:
    """Types over what is in a field."""
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, *keys)
