"""The interactive page in windows of several sizes: what is in view together, and where labels stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By

from tests.show.pages import Page, answer, founding, irrational, point, replace, shown_gradients, two_outputs
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat

Resize = Callable[[int, int], None]


@pytest.fixture
def window(browser: Chrome) -> Iterator[Resize]:
    """Gives pages a window of some size: that of a telephone, where it is narrow."""

    def resize(width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    yield resize
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def deep() -> Sat:
    """Two hidden layers of two units, and notes."""
    problem = Problem(network=[1, 2, 2, 1], samples=4, some_nonzero=["w1", "w2"], notes="A note.\n\n" * 9)
    parameters = {
        "w1": [["-2"], ["1"]],
        "b1": ["1", "-1"],
        "w2": [["-1", "2"], ["1", "1"]],
        "b2": ["1", "1"],
        "w3": [["-2", "-2"]],
        "b3": ["-1"],
    }
    return answer(problem, parameters, [["-1"], ["9"], ["2"], ["-4"]], [["125"], ["-35"], ["-112"], ["-70"]])


def two_inputs() -> Sat:
    """Two inputs and one output."""
    problem = Problem(network=[2, 1], samples=2, nonzero=["w1"])
    return answer(problem, {"w1": [["1", "2"]], "b1": ["0"]}, [["1", "2"], ["-1", "3"]], [["4"], ["7"]])


SLOW = [pytest.param(make, marks=pytest.mark.slow) for make in (irrational, deep)]


def box(browser: Chrome, selector: str) -> dict[str, Any]:
    """Where an element stands in the window."""
    script = "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()"
    found: dict[str, Any] = browser.execute_script(script, selector)
    return found


@pytest.mark.parametrize("make", [two_outputs, pytest.param(founding, marks=pytest.mark.slow), SLOW[0]])
def test_phone(browser: Chrome, opened: Page, make: Callable[[], Sat]) -> None:
    """360 pixels are wide enough: nothing but tables scrolls sideways."""
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        opened(make())
        shown_gradients(browser)
        widths = browser.execute_script("return [document.scrollingElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1] == 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("make", [founding, two_outputs, *SLOW])
def test_together_on_a_telephone(
    browser: Chrome, opened: Page, window: Resize, make: Callable[[], Sat]
) -> None:
    """Picture, gradients and button are on screen at once, and stay there while anything else is changed."""
    window(380, 800)
    opened(make())
    parts = ("#picture", ".board .scroll", "#back", "#loss")
    shown_gradients(browser)
    assert all(box(browser, part)["bottom"] <= 800 for part in parts)
    fields = browser.find_elements(By.CSS_SELECTOR, ".parameters input.number, .samples input.number")
    for field in [fields[0], fields[-1], fields[1]]:
        field.send_keys(Keys.ARROW_UP)
        shown_gradients(browser)
        places = [box(browser, part) for part in parts]
        assert all(place["top"] >= 0 and place["bottom"] <= 800 for place in places)
        board = box(browser, "#board")["bottom"]
        own = field.rect["y"] - browser.execute_script("return scrollY")
        assert board <= own <= 804 - field.rect["height"]  # all but its border


@pytest.mark.parametrize("make", [founding, two_outputs, *SLOW])
def test_together_on_a_desk(browser: Chrome, opened: Page, window: Resize, make: Callable[[], Sat]) -> None:
    """Picture, gradients and parameters need no scrolling, and no table of gradients scrolls sideways."""
    window(1200, 900)
    opened(make())
    shown_gradients(browser)
    assert all(box(browser, part)["bottom"] <= 900 for part in ("#picture", "#board", "#parameters"))
    window(1100, 900)
    shown_gradients(browser)
    script = "const e = document.querySelector('.board .scroll'); return [e.scrollWidth, e.clientWidth]"
    whole, seen = browser.execute_script(script)
    assert whole <= seen


def test_notes_come_after(browser: Chrome, opened: Page) -> None:
    """What is to be tried comes before what is to be read."""
    opened(deep())
    assert box(browser, "#data-section")["bottom"] <= box(browser, ".notes")["top"]


def test_samples_on_a_telephone(browser: Chrome, opened: Page, window: Resize) -> None:
    """The table says that it scrolls, and the number of the sample stays where it is."""
    window(380, 800)
    opened(founding())
    shown_gradients(browser)
    assert browser.find_element(By.ID, "sideways").is_displayed()
    before = box(browser, ".samples tbody th")["left"]
    browser.execute_script("document.querySelector('#samples-scroll').scrollLeft = 1000")
    assert box(browser, ".samples tbody th")["left"] == before
    assert box(browser, ".samples tbody td:last-child")["right"] <= 380
    window(1200, 900)
    shown_gradients(browser)
    assert not browser.find_element(By.ID, "sideways").is_displayed()


def test_what_the_picture_shows_is_said(browser: Chrome, opened: Page) -> None:
    """Where the picture is not of a function, its title says so, and points are named by targets."""
    opened(two_inputs())
    heading = browser.find_element(By.ID, "picture-heading")
    assert heading.text == "Targets and predictions, sample by sample"
    assert "inputs are in the table" in browser.find_element(By.ID, "caption").text
    opened(two_outputs())
    numbers = [number.text for number in browser.find_elements(By.CSS_SELECTOR, ".point .number")]
    assert numbers == ["y[0,0]", "y[0,1]", "y[1,0]", "y[1,1]"]
    assert "y[0,1] is the target of sample 0, output 1" in browser.find_element(By.ID, "caption").text


COLLISIONS = """
const picture = document.querySelector("#picture");
const [dx, dy] = [picture.getBoundingClientRect().x, picture.getBoundingClientRect().y];
const inner = (e) => {
  const b = e.getBoundingClientRect();
  return { name: e.textContent, l: b.left - dx + 1, r: b.right - dx - 1, t: b.top - dy + 3,
    b: b.bottom - dy - 3 };
};
const labels = [...picture.querySelectorAll(".residual-value, .number")];
const texts = labels.filter((e) => e.textContent).map(inner);
const bars = [...picture.querySelectorAll(".residual")].map((e) => e.getBBox()).map(
  (b) => ({ name: "bar", l: b.x + b.width / 2 - 1, r: b.x + b.width / 2 + 1, t: b.y, b: b.y + b.height }));
const curve = picture.querySelector(".curve");
const line = [];
const length = curve.getAttribute("d") ? curve.getTotalLength() : 0;
for (let s = 0; s < length; s += 1) line.push(curve.getPointAtLength(s));
const found = [];
const meet = (a, b) => a.l < b.r && b.l < a.r && a.t < b.b && b.t < a.b;
texts.forEach((a, i) => {
  for (const b of [...texts.slice(i + 1), ...bars]) if (meet(a, b)) found.push([a.name, b.name]);
  if (line.some((p) => a.l < p.x && p.x < a.r && a.t < p.y && p.y < a.b)) found.push([a.name, "curve"]);
});
return [found, texts.filter((a) => a.name.startsWith("r ")).length];
"""
"""Pairs of a label and what it stands on, and how many residuals are labelled."""


@pytest.mark.parametrize(
    ("make", "width"),
    [
        pytest.param(
            make, width, marks=[pytest.mark.slow] if (n + m) % 3 else []
        )  # each once is quick enough
        for n, make in enumerate([founding, irrational, two_outputs, two_inputs, deep])
        for m, width in enumerate([380, 420, 1200])
    ],
)
def test_labels_stand_clear(
    browser: Chrome, opened: Page, window: Resize, make: Callable[[], Sat], width: int
) -> None:
    """No label stands on another, on a bar or on the curve, and every residual but 0 has one."""
    sat = make()
    window(width, 800)
    opened(sat)
    residuals = sum(value != 0 for value in sat.witness.point.residuals.entries)
    shown_gradients(browser)
    assert browser.execute_script(COLLISIONS) == [[], residuals]
    for dx, dy in ((20, -30), (-30, 25)):
        ActionChains(browser, duration=50).drag_and_drop_by_offset(point(browser, 1), dx, dy).perform()
        shown_gradients(browser)
        found, labelled = browser.execute_script(COLLISIONS)
        assert [pair for pair in found if pair[1] != "curve"] == []
        assert labelled > 0


def test_a_short_bar_has_its_label(browser: Chrome, opened: Page, window: Resize) -> None:
    """r = −1/4 is said where its bar is a few pixels long."""
    window(420, 800)
    opened(founding())
    replace(browser.find_element(By.CSS_SELECTOR, "input[aria-label='y of sample 0']"), "1/4", Keys.ENTER)
    shown_gradients(browser)
    texts = [value.text for value in browser.find_elements(By.CLASS_NAME, "residual-value")]
    assert "r = \u22121/4" in texts
    assert browser.execute_script(COLLISIONS)[0] == []
