"""The interactive page in a real browser: what it shows is what the core finds."""

from __future__ import annotations

import json
import random
import re
from fractions import Fraction
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By

from tests.show.pages import (
    Page,
    answer,
    core_gradients,
    founding,
    irrational,
    point,
    replace,
    shown_gradients,
    shown_witness,
    two_outputs,
)
from zerograd.core.model.activations import Activation, leaky_relu
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, compare, exact_to_json, sign
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness, witness_from_json
from zerograd.show.page import page_html
from zerograd.show.page.data import json_for_script, question_data, unfit, values_data

MARKUP = "</script><img src=x onerror=window.broken=1> ${window.broken=2} {{ 7*7 }}"
HOSTILE = MARKUP + " \"'`<!-- \u2028\u202eabc & more"


def test_the_title_is_said_once() -> None:
    """The derivation within the page has none of its own: a screen reader reads what a style hides."""
    page = page_html(founding(title="A title of its own"))
    assert re.findall(r"<h\d[^>]*>A title of its own</h\d>", page) == ["<h1>A title of its own</h1>"]


def test_first_sight(browser: Chrome, opened: Page) -> None:
    """At first the page shows the counterexample: the core's gradients, and that all holds."""
    sat = founding()
    opened(sat)
    assert shown_gradients(browser) == core_gradients(sat.witness)
    assert shown_witness(browser, sat).variables == sat.witness.variables
    table = browser.find_element(By.ID, "gradients").text
    assert table.count("exactly 0") == 2
    assert table.count("✓") == 4
    assert "−2/3" in table
    assert browser.find_element(By.ID, "loss").text == "14/3"
    assert not browser.find_element(By.ID, "back").is_enabled()


def test_drag_and_back(browser: Chrome, opened: Page) -> None:
    """A point dragged with the mouse changes the gradients to those of the core; the button restores them."""
    sat = founding()
    opened(sat)
    ActionChains(browser, duration=50).drag_and_drop_by_offset(point(browser, 1), 37, -52).perform()
    gradients, moved = shown_gradients(browser), shown_witness(browser, sat)
    assert moved.x[1, 0] != -2
    assert moved.y[1, 0] != -1
    assert moved.x[0, 0] == 2
    assert gradients == core_gradients(moved)
    assert gradients["∂L/∂b2"] != "0"
    table = browser.find_element(By.ID, "gradients").text
    assert "zero ✗" in table
    assert table.count("exactly 0") == list(gradients.values()).count("0")
    assert browser.find_element(By.CSS_SELECTOR, ".worked .stale").is_displayed()
    assert "hold" in str(browser.find_element(By.ID, "live").get_attribute("textContent"))
    browser.find_element(By.ID, "back").click()
    assert shown_gradients(browser) == core_gradients(sat.witness)
    assert not browser.find_element(By.CSS_SELECTOR, ".worked .stale").is_displayed()


def test_keyboard(browser: Chrome, opened: Page) -> None:
    """Arrow keys move a point by a step of the grid, with Shift by ten."""
    sat = founding()
    opened(sat)
    point(browser, 0).send_keys(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_LEFT)
    up = shown_witness(browser, sat)
    step = up.y[0, 0] - 1
    assert sign(step) > 0
    assert compare(up.x[0, 0], 2) < 0
    assert shown_gradients(browser) == core_gradients(up)
    text = point(browser, 0).get_attribute("aria-valuetext")
    assert f"x = {up.x[0, 0]}" in str(text)
    ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_DOWN).key_up(Keys.SHIFT).perform()
    assert shown_witness(browser, sat).y[0, 0] == up.y[0, 0] - 5 * step
    point(browser, 0).send_keys(Keys.ARROW_RIGHT, *[Keys.ARROW_UP] * 8)
    assert shown_witness(browser, sat).variables == sat.witness.variables
    assert not browser.find_element(By.ID, "back").is_enabled()  # by hand, back to the very numbers


def test_parameters(browser: Chrome, opened: Page) -> None:
    """Fields take exact numbers and refuse others; sliders move in steps."""
    sat = founding()
    opened(sat)
    field = browser.find_element(By.CSS_SELECTOR, "input[aria-label='w1']")
    replace(field, "-7/3", Keys.TAB)
    changed = shown_witness(browser, sat)
    assert changed.parameters["w1"][0, 0] == Fraction(-7, 3)
    assert shown_gradients(browser) == core_gradients(changed)
    replace(field, "1/0", Keys.TAB)
    assert (field.get_attribute("value"), field.get_attribute("aria-invalid")) == ("−7/3", None)
    assert shown_witness(browser, sat).variables == changed.variables
    slider = browser.find_element(By.CSS_SELECTOR, "input[aria-label='b2, slider']")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert sign(shown_witness(browser, sat).parameters["b2"][0]) > 0
    ActionChains(browser, duration=50).drag_and_drop_by_offset(slider, 20, 0).perform()
    assert shown_gradients(browser) == core_gradients(shown_witness(browser, sat))


def test_sample_fields(browser: Chrome, opened: Page) -> None:
    """Inputs and targets of any shape can be typed, and targets dragged up and down."""
    sat = two_outputs()
    opened(sat)
    rows = browser.find_element(By.ID, "gradients").text
    assert rows.count("some nonzero ✓") == rows.count("(some nonzero)") == 2
    assert "positive ✓" in rows or "✗" not in rows
    field = browser.find_element(By.CSS_SELECTOR, "input[aria-label='x of sample 1, entry 0']")
    replace(field, "2.5", Keys.ENTER)
    target = browser.find_element(By.CSS_SELECTOR, ".point[data-sample='0'][data-output='1']")
    ActionChains(browser, duration=50).drag_and_drop_by_offset(target, 60, -30).perform()
    changed = shown_witness(browser, sat)
    assert changed.x[1, 0] == Fraction(5, 2)
    assert changed.y[0, 1] != -1
    expected = [str(v) for name in (*changed.parameters, "x") for v in changed.gradients[name].entries]
    assert list(shown_gradients(browser).values()) == expected


def test_irrational(browser: Chrome, opened: Page) -> None:
    """With √2 in it, a changed network is still calculated exactly."""
    sat = irrational()
    opened(sat)
    assert shown_gradients(browser) == core_gradients(sat.witness)
    field = browser.find_element(By.CSS_SELECTOR, "input[aria-label='b2']")
    replace(field, "1", Keys.TAB)
    values = dict(sat.witness.variables) | {"b2": Array((1,), (1,))}
    changed = Witness.of(sat.problem, values)
    shown = browser.find_element(By.CSS_SELECTOR, "[data-gradient='∂L/∂w2']").get_attribute("data-exact")
    assert shown == str(changed.gradients["w2"][0, 0]) == "2·α"
    assert "not re-checked" in browser.find_element(By.CSS_SELECTOR, ".conditions").text.lower()


def test_forbidden_kink(browser: Chrome, opened: Page) -> None:
    """Where no sample may sit on a kink, one that does has no derivative, and nothing is said to be 0."""
    problem = Problem(network=[1, 1, 1], samples=1, nonzero=["w1"], derivative_at_kink="forbid")
    parameters = {"w1": [["1"]], "b1": ["0"], "w2": [["1"]], "b2": ["0"]}
    opened(answer(problem, parameters, [["1"]], [["0"]]))
    field = browser.find_element(By.CSS_SELECTOR, "input[aria-label='x of sample 0']")
    replace(field, "0", Keys.TAB)
    assert set(shown_gradients(browser).values()) == {""}
    assert browser.find_element(By.ID, "gradients").text.count("no derivative") == 4
    assert browser.find_element(By.ID, "no-derivative").is_displayed()
    assert "on kink" in browser.find_element(By.ID, "samples").text
    browser.find_element(By.ID, "back").click()
    assert "" not in shown_gradients(browser).values()


NUMBERS = {
    "1,5": Fraction(3, 2),
    "-0,25": Fraction(-1, 4),
    "1e3": 1000,
    "1.5E-3": Fraction(3, 2000),
    "\u22122/3": Fraction(-2, 3),
}
REFUSED = ("½", "1/0", "1,", "1,000", ",5", "1,2,3", "1e", "1e99", "0x10", "")


def test_numbers_that_are_read(browser: Chrome, opened: Page) -> None:
    """A decimal comma and powers of ten are read exactly; what is not a number is not."""
    opened(founding())
    script = (
        "const read = window.zerograd.exact.parse;"
        "return arguments[0].map(read).map((v) => v && `${v.n}/${v.d}`)"
    )
    found = browser.execute_script(script, list(NUMBERS))
    assert list(map(Fraction, found)) == list(NUMBERS.values())
    assert browser.execute_script(script, REFUSED) == [None] * len(REFUSED)


def test_a_field_says_what_it_does_not_read(browser: Chrome, opened: Page) -> None:
    """The hint describes the field; left, or with Escape, the field shows its value again."""
    sat = founding()
    opened(sat)
    field = browser.find_element(By.CSS_SELECTOR, "input[aria-label='w1']")
    replace(field, "1,5", Keys.ENTER)
    assert field.get_attribute("value") == "3/2"
    changed = shown_witness(browser, sat)
    assert changed.parameters["w1"][0, 0] == Fraction(3, 2)
    replace(field, "½", Keys.ENTER)
    hint = browser.find_element(By.ID, str(field.get_attribute("aria-describedby")))
    assert hint.is_displayed()
    assert (hint.get_attribute("role"), field.get_attribute("aria-invalid")) == ("alert", "true")
    assert "write 3, \u22122/3, 0.1 or 1e3" in hint.text
    field.send_keys(Keys.ESCAPE)
    assert (field.get_attribute("value"), field.get_attribute("aria-invalid")) == ("3/2", None)
    assert not hint.is_displayed()
    replace(field, "½", Keys.TAB)
    assert (field.get_attribute("value"), field.get_attribute("aria-invalid")) == ("3/2", None)
    assert hint.text.startswith("Not read: ½. Still 3/2")
    assert shown_witness(browser, sat).variables == changed.variables
    browser.find_element(By.ID, "back").click()
    assert not hint.is_displayed()


def test_ticks_of_conditions(browser: Chrome, opened: Page) -> None:
    """Once something has changed, no condition keeps its tick."""
    opened(irrational())
    conditions = browser.find_element(By.CLASS_NAME, "conditions")
    assert conditions.text.count("✓ checked for the counterexample") == 2
    point(browser, 0).send_keys(Keys.ARROW_UP)
    shown_gradients(browser)
    assert "✓" not in conditions.text
    assert conditions.text.count("not re-checked after your change") == 2
    browser.find_element(By.ID, "back").click()
    assert conditions.text.count("✓") == 2


def test_some_nonzero(browser: Chrome, opened: Page) -> None:
    """What is asked of some entry is ticked where one is nonzero, and refused only where none is."""
    opened(two_outputs())
    asked = browser.find_elements(By.CSS_SELECTOR, "#gradients [data-gradient^='∂L/∂w1'] .asked")
    assert [cell.text for cell in asked] == ["some nonzero ✓"] * 2 + ["(some nonzero)"] * 2
    for label, value in (("y of sample 0, entry 0", "1"), ("y of sample 0, entry 1", "0")):
        replace(browser.find_element(By.CSS_SELECTOR, f"input[aria-label='{label}']"), value, Keys.ENTER)
    shown_gradients(browser)
    assert [cell.text for cell in asked] == ["some nonzero ✗"] * 4
    assert (
        "Changed: 1 of 3" in browser.find_element(By.ID, "state").text
    )  # asked once of w1, not of each entry
    page = page_html(two_outputs())
    assert page.count("<td>(some nonzero)</td>") == page.count("<td>some nonzero ✓</td>") == 2


def test_hostile_texts(browser: Chrome, opened: Page) -> None:
    """Markup in title, notes and references is shown as text, and nothing of it runs."""
    opened(founding(title=HOSTILE, notes=f"{HOSTILE}\n\n{HOSTILE}", references=[HOSTILE]))
    assert browser.execute_script("return window.broken === undefined")
    assert browser.find_elements(By.TAG_NAME, "img") == []
    seen = browser.find_element(By.TAG_NAME, "h1").text
    assert seen.startswith(MARKUP)
    assert "\u202e" not in page_html(founding(title=HOSTILE))
    assert len(browser.find_elements(By.CLASS_NAME, "notes")) == 2
    assert len(shown_gradients(browser)) == 4


def test_json_stays_inside_its_element() -> None:
    """No text can end a script element, and all of it is read back as it was."""
    written = json_for_script({"text": HOSTILE})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == {"text": HOSTILE}


def test_everything_is_labelled(browser: Chrome, opened: Page) -> None:
    """Points and fields have names, points can be reached by keyboard, and ids are unique."""
    opened(two_outputs())
    for element in browser.find_elements(By.CSS_SELECTOR, "input, [role=slider]"):
        assert element.accessible_name
    for handle in browser.find_elements(By.CLASS_NAME, "point"):
        assert handle.get_attribute("tabindex") == "0"
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_without_javascript(browser: Chrome, opened: Page) -> None:
    """The counterexample is in the file itself, in tables."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(founding())
        text = browser.find_element(By.TAG_NAME, "noscript").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "−2/3 nonzero ✓" in text
    assert "−1 inactive" in text
    assert "14/3" in text


def test_policy_and_no_addresses() -> None:
    """The page allows nothing but its own scripts and style, and names no address to fetch."""
    page = page_html(founding())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    assert "unsafe" not in policy[1]
    assert re.findall(r"(?:src|href)\s*=", page) == []
    assert set(re.findall(r"https?://[\w./]+", page)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"
    }  # fmt: skip


def test_too_large_for_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that a browser could not follow is shown in tables; the one script left is for embedding."""
    monkeypatch.setattr("zerograd.show.page.data.MAX_WORK", 1000)
    problem = Problem(network=[1, 1], samples=100, zero=["w1"])
    values: Array[Exact] = Array((100, 1), (1,) * 100)
    parameters: dict[str, Array[Exact]] = {"w1": Array((1, 1), (1,)), "b1": Array((1,), (0,))}
    page = page_html(Sat(Witness.of(problem, parameters | {"x": values, "y": values}), problem=problem))
    assert page.count("<script") == 1 and "embedded" in page.partition("<script")[2]
    assert 'id="workbench"' not in page and "application/json" not in page
    assert "60 more are not shown" in page


def test_long_numbers_are_too_much_as_well() -> None:
    """Multiplying takes the square of the digits, and of a field's degree."""
    problem = Problem(network=[1, 1], samples=1, some_nonzero=["b1"])
    for digits, shown in ((10, True), (50_000, False)):
        values: dict[str, Array[Exact]] = {"w1": Array((1, 1), (10**digits,)), "b1": Array((1,), (0,))}
        ones: Array[Exact] = Array((1, 1), (1,))
        witness = Witness.of(problem, values | {"x": ones, "y": ones})
        assert (unfit(Sat(witness, problem=problem)) is None) is shown


def random_witness(rng: random.Random) -> Witness:
    """Any network and dataset, with many values on kinks."""
    activations: list[str | Activation] = [
        "linear",
        "relu",
        "abs",
        "relu6",
        "hardtanh",
        leaky_relu("1/10"),
        leaky_relu("-2"),
    ]
    inputs = rng.randint(1, 3)
    layers = [
        Layer(rng.randint(1, 3), rng.choice(activations), bias=rng.random() < 0.7)
        for _ in range(rng.randint(1, 4))
    ]
    network, samples = Network(inputs, tuple(layers)), rng.randint(1, 4)
    problem = Problem(network=network, samples=samples, derivative_at_kink=rng.choice(KINKS))
    shapes = {**network.shapes, "x": (samples, inputs), "y": (samples, layers[-1].units)}

    def number(_: object) -> Exact:
        few: list[Exact] = [0, 1, -1, 2, -3, 6, Fraction(rng.randint(-9, 9), rng.randint(1, 7))]
        return rng.choice(few)

    return Witness.of(problem, {name: Array.build(shape, number) for name, shape in shapes.items()})


def test_arithmetic_agrees_with_the_core(browser: Chrome, opened: Page) -> None:
    """On hundreds of random networks the page's forward and reverse mode find exactly what the core finds."""
    opened(founding())
    rng = random.Random(20)
    witnesses = [random_witness(rng) for _ in range(300)]
    found = browser.execute_script(
        "return arguments[0].map(([question, values]) => window.zerograd.evaluate(question, values))",
        [[question_data(w.problem, w), values_data(w)] for w in witnesses],
    )
    refused = 0
    for witness, result in zip(witnesses, found, strict=True):
        try:
            gradients = witness.gradients
        except OnKink as kink:
            refused += 1
            assert result["gradients"] is None
            assert list(kink.site) in result["on_kink"]
            continue
        assert result["gradients"] == {
            name: list(map(exact_to_json, array.entries)) for name, array in gradients.items()
        }
        assert result["loss"] == exact_to_json(witness.loss)
        assert result["residuals"] == written(witness.point.residuals)
        assert result["z"] == [written(z) for z in witness.forward.z]
    assert 0 < refused < len(witnesses) / 2


def written(array: Array[Any]) -> list[list[Any]]:
    """A matrix as in documents."""
    return [list(map(exact_to_json, row)) for row in array.rows()]


def test_field_arithmetic_agrees_with_the_core(browser: Chrome, opened: Page) -> None:
    """So it does in a number field whose polynomial can be factored, where 0 has many names."""
    opened(founding())
    problem = Problem(network=Network.mlp(1, 2, 1, activation="hardtanh"), samples=3)
    field = {"polynomial": ["6", "0", "-5", "0", "1"], "interval": ["13/10", "3/2"]}  # (α² − 2)(α² − 3)
    rng = random.Random(21)

    def number() -> dict[str, list[str]]:
        return {"alpha": [str(rng.choice([0, 0, 1, -1, 2, Fraction(1, 3)])) for _ in range(4)]}

    witnesses = []
    for _ in range(40):
        zero = {"alpha": ["-2", "0", "1"]}  # α² − 2
        document = {
            "format": "zerograd.witness/1",
            "field": field,
            "parameters": {
                "w1": [[number()], [number()]],
                "b1": [number(), zero],
                "w2": [[number(), number()]],
                "b2": [number()],
            },
            "x": [[number()], [zero], ["1"]],
            "y": [[number()], [number()], ["0"]],
        }
        witnesses.append(witness_from_json(problem, document))
    found = browser.execute_script(
        "return arguments[0].map(([question, values]) => window.zerograd.evaluate(question, values))",
        [[question_data(w.problem, w), values_data(w)] for w in witnesses],
    )
    for witness, result in zip(witnesses, found, strict=True):
        expected = {n: list(map(exact_to_json, a.entries)) for n, a in witness.gradients.items()}
        assert result["gradients"] == expected
