"""The page of a report in a real browser: it shows the data, without a mouse or a network."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.show.explained import ALL, KINDS, MIXED, PAGE, STEPS, cause, explanation, row, unmoved
from tests.show.test_explanation import EXPLANATIONS
from zerograd.explaining.explanation import Explanation, Graph, Kind, Reach, Reason, StepReport, Units, Vertex
from zerograd.report import Report
from zerograd.show.explanation.verdict import verdict
from zerograd.show.report_page import SCRIPTS
from zerograd.show.report_page.bars import HALF, bars

Open = Callable[[Explanation], None]
HOSTILE = "</script><img src=x onerror=window.broken=1><!-- {{ 7*7 }} \"'`&amp;"
STATES = "akos?"


@pytest.fixture
def shown(open_html: Callable[[str], None]) -> Open:
    """Opens the page of an explanation."""
    return lambda made: open_html(Report(made).to_html())


@pytest.fixture
def resized(browser: Chrome) -> Iterator[Callable[[int, int], None]]:
    """Gives pages a window of some size: that of a telephone, where it is narrow."""

    def resize(width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    yield resize
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def units(where: str, wide: int, samples: int, seed: int = 0) -> Units:
    """A map of states at random."""
    dice = random.Random(seed)
    return Units(where, tuple("".join(dice.choices(STATES, k=wide)) for _ in range(samples)))


RELU, TANH = "1 (ReLU)", "3 (Hardtanh)"
GRAPH = Graph(
    (
        Vertex("x (64×20)", "input", Reach.NONE),
        Vertex("0.weight", "parameter", Reach.ZERO),
        Vertex("0 (Linear)", "module", Reach.ZERO),
        Vertex(RELU, "module", Reach.NONZERO),
        Vertex("2.weight", "parameter", Reach.NONZERO),
        Vertex("2 (Linear)", "module", Reach.NONZERO),
        Vertex(TANH, "module", Reach.UNKNOWN),
        Vertex("MSELoss", "loss", Reach.NONZERO),
    ),
    ((0, 2), (1, 2), (2, 3), (3, 5), (4, 5), (5, 6), (6, 7), (3, 7), (2, 6)),
)
TERMS = (Fraction(3, 2), Fraction(-1, 4), Fraction(-1))
LARGE = explanation(
    row(
        "0.weight",
        128,
        20,
        zero=2560,
        causes=(
            cause(Kind.DEAD, RELU, 2500, samples=(0, 2, 63), units=(0, 5, 127), of=128),
            cause(
                Kind.CANCELLATION,
                "0 (Linear)",
                60,
                terms=TERMS,
                labels=("sample 0", "sample 7", "sample 9"),
                more={"terms": 4, "sum": -0.25},
            ),
        ),
        step=unmoved(Reason.ZERO_GRADIENT),
    ),
    row("2.weight", 12, 128, zero=12, causes=(
        cause(Kind.SATURATED, f"{TANH}, unit 1", 12, all_samples=True, units=(1,), of=12),)),
    row("2.bias", 12),
    batch=64,
    units=(units(RELU, 128, 64), units(TANH, 12, 64, 1)),
    graph=GRAPH,
)  # fmt: skip
MANY = Explanation(
    tuple(
        replace(LARGE.last if n == 2 else KINDS[kind].last, number=n) for n, kind in enumerate(list(Kind)[:4])
    ),
    torch="2.13.0",
)


def texts(browser: Chrome, selector: str) -> list[str]:
    """What elements hold, whether it is in view or not."""
    script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent.trim())"
    found: list[str] = browser.execute_script(script, selector)
    return found


def focused(browser: Chrome) -> WebElement:
    return browser.switch_to.active_element


def marked(browser: Chrome) -> set[str]:
    """The ids of marked rows and causes, and the names of marked parts of the graph."""
    script = """return [...document.querySelectorAll("section:not([hidden]) .marked")].map(
        (e) => e.id || e.querySelector("title").textContent.split(":")[0])"""
    return set(browser.execute_script(script))


CELLS = """
const [number, columns, rows] = arguments;
const canvas = document.querySelectorAll("section:not([hidden]) .map canvas")[number];
const names = { a: "--active", k: "--kink", o: "--off", s: "--saturated", "?": "--unknown" };
const style = getComputedStyle(document.documentElement);
const colours = {};
for (const [letter, name] of Object.entries(names)) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = style.getPropertyValue(name).trim();
  probe.fillRect(0, 0, 1, 1);
  colours[[...probe.getImageData(0, 0, 1, 1).data].join()] = letter;
}
const [w, h] = [canvas.width / columns, canvas.height / rows];
const copy = document.createElement("canvas");
[copy.width, copy.height] = [canvas.width, canvas.height];
const pen = copy.getContext("2d", { willReadFrequently: true });
pen.drawImage(canvas, 0, 0);
const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
return Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => {
  const at = 4 * (Math.floor(y * h + 1) * canvas.width + Math.floor(x * w + 1));
  return colours[[...data.slice(at, at + 4)].join()] ?? "!";
}).join(""));
"""
"""The states that the colours of a canvas show."""


def test_the_verdict_is_first(browser: Chrome, shown: Open) -> None:
    """The title, the heading, then the table: each cell as text has it, and each cause with its sentence."""
    shown(PAGE)
    assert browser.title == browser.find_element(By.TAG_NAME, "h1").text == verdict(PAGE.last)
    assert texts(browser, ".rows th[scope=col]") == ["name", "why", "shape", "zero", "not zero", "moved"]
    assert texts(browser, ".rows tbody tr:first-child > *") == [
        "0.weight",
        "dead (1)",
        "1×1",
        "1",
        "0",
        "none",
    ]
    (sentence,) = texts(browser, ".why li")
    assert sentence.startswith("0.weight: the only unit of 1 (ReLU) is off on both samples;")


@pytest.mark.parametrize("name", list(ALL))
def test_whatever_is_explained_fits_a_telephone(
    browser: Chrome, shown: Open, resized: Callable[[int, int], None], name: str
) -> None:
    """Nothing but tables and pictures scrolls sideways, on a page of any content."""
    resized(360, 740)
    shown(ALL[name])
    widths = browser.execute_script("return [document.scrollingElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1] == 360
    assert texts(browser, "h1") == [re.sub(r"\s+", " ", verdict(ALL[name].last))]


@pytest.mark.parametrize("width", [360, 1200])
def test_cells_are_the_states(
    browser: Chrome, shown: Open, resized: Callable[[int, int], None], width: int
) -> None:
    """The letters of the table, and the colours of the picture, are those of the data."""
    resized(width, 900)
    shown(LARGE)
    for i, one in enumerate(LARGE.last.units):
        letters = texts(browser, f".map[data-map='{i}'] .states td")
        assert letters == list(one.states)
        found = browser.execute_script(CELLS, i, len(one.states[0]), len(one.states))
        assert found == list(one.states)
    widths = browser.execute_script("return [document.scrollingElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]


def test_cells_in_the_dark(browser: Chrome, shown: Open) -> None:
    """The picture follows the colours that the reader prefers, without being opened anew."""
    shown(LARGE)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(paper)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        assert browser.execute_script(paper) != light
        assert browser.execute_script(CELLS, 1, 12, 64) == list(LARGE.last.units[1].states)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_more_units_than_cells(browser: Chrome, shown: Open) -> None:
    """A picture of very many units has cells for several, which say so."""
    states = ("a" * 4999 + "o", "o" * 5000)
    shown(explanation(row("w", 1), batch=2, units=(Units("1 (ReLU)", states),)))
    canvas = browser.find_element(By.TAG_NAME, "canvas")
    assert 1000 < int(str(canvas.get_attribute("width"))) <= 4096
    browser.find_element(By.CSS_SELECTOR, ".canvas").send_keys(Keys.END)
    assert texts(browser, ".readout") == ["sample 0, units 4998–4999: active, off"]
    assert "Off on every sample: unit 4999." in texts(browser, ".map p")[0]


def test_a_cause_marks_what_it_is_about(browser: Chrome, shown: Open) -> None:
    """Rows, parts of the graph, and units × samples; the rest of the map is veiled."""
    shown(LARGE)
    first, *_, last = browser.find_elements(By.CSS_SELECTOR, ".why li")
    ActionChains(browser).move_to_element(first).perform()
    assert marked(browser) == {"s0-c1", "s0-r0", "0.weight", RELU}
    found = browser.execute_script(CELLS, 0, 128, 64)
    clear = {(m, i) for m, states in enumerate(found) for i, state in enumerate(states) if state != "!"}
    assert {(m, i) for m in (0, 2, 63) for i in (0, 5, 127)} >= clear - {
        (m, i)
        for m, i in clear
        if LARGE.last.units[0].states[m][i] == "?"  # veiled paper is paper
    }
    ActionChains(browser).move_to_element(last).perform()
    assert "s0-c1" not in marked(browser)
    ActionChains(browser).move_to_element(browser.find_element(By.TAG_NAME, "h1")).perform()
    assert marked(browser) == set()
    assert browser.execute_script(CELLS, 0, 128, 64) == list(LARGE.last.units[0].states)


def test_a_walk_with_the_keyboard(browser: Chrome, shown: Open) -> None:
    """From the table by its link to the cause, on to the map, whose cells are read one by one."""
    shown(LARGE)
    link = browser.find_element(By.CSS_SELECTOR, ".rows a")
    order: list[str] = []
    for _ in range(40):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        here = focused(browser)
        order.append(f"{here.tag_name}.{here.get_attribute('class')}")
        if here == link:
            break
    assert order == ["div.scroll", "a."]
    assert marked(browser) >= {"s0-c1", "s0-r0"}
    link.send_keys(Keys.ENTER)
    assert focused(browser).get_attribute("id") == "s0-c1"
    outline = browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    ActionChains(browser).send_keys(Keys.TAB).perform()
    assert marked(browser) >= {"s0-c2"}
    while focused(browser).get_attribute("class") != "canvas":
        ActionChains(browser).send_keys(Keys.TAB).perform()
    assert focused(browser).get_attribute("role") == "application"
    summary = browser.find_element(By.ID, str(focused(browser).get_attribute("aria-describedby"))).text
    counts = {state: sum(row.count(state) for row in LARGE.last.units[0].states) for state in STATES}
    assert summary.startswith(
        f"128 units × 64 samples: {counts['a']:,} active, {counts['k']:,} on the kink, "
    )
    words = {"a": "active", "k": "exactly on the kink", "o": "off", "s": "saturated", "?": "not known"}
    at = [0, 0]
    for key, (dx, dy) in {Keys.ARROW_RIGHT: (1, 0), Keys.ARROW_DOWN: (0, 1)}.items():
        for _ in range(3):
            focused(browser).send_keys(key)
            at = [at[0] + dx, at[1] + dy]
            state = LARGE.last.units[0].states[at[1]][at[0]]
            assert texts(browser, ".readout")[0] == f"sample {at[1]}, unit {at[0]}: {words[state]}"
    assert marked(browser) >= {"s0-c1"}
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert marked(browser) == set()


def test_steps(browser: Chrome, shown: Open) -> None:
    """One step at a time: the last one first; by buttons, from the list, and by arrow keys."""
    shown(MANY)

    def at() -> int:
        visible = browser.find_elements(By.CSS_SELECTOR, "section.step:not([hidden])")
        assert len(visible) == 1
        assert texts(browser, "#step option:checked") == [
            visible[0].find_element(By.TAG_NAME, "h2").text.split()[1].strip(",")
        ]
        return int(str(visible[0].get_attribute("id"))[1:])

    assert at() == 3
    assert not browser.find_element(By.ID, "next").is_enabled()
    ActionChains(browser).send_keys(Keys.ARROW_LEFT).perform()
    assert at() == 2
    assert browser.execute_script(CELLS, 0, 128, 64) == list(LARGE.last.units[0].states)
    assert verdict(MANY.steps[2]) in texts(browser, "#live")[0]
    browser.find_element(By.ID, "previous").click()
    assert at() == 1
    browser.find_element(By.ID, "step").send_keys(Keys.HOME)
    assert at() == 0
    assert not browser.find_element(By.ID, "previous").is_enabled()
    ActionChains(browser).move_to_element(browser.find_element(By.CSS_SELECTOR, "#s0 .why li")).perform()
    assert "s0-c1" in marked(browser)
    browser.find_element(By.CSS_SELECTOR, "h1").click()
    ActionChains(browser).send_keys(
        Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT
    ).perform()
    assert at() == 3


def test_bars_sum_to_zero(browser: Chrome, shown: Open) -> None:
    """Positive terms to the right, negative ones to the left, in proportion, and what is left out as one."""
    shown(LARGE)
    assert texts(browser, ".bars th") == ["sample 0", "sample 7", "sample 9", "4 more terms together"]
    numbers = [Fraction(text.replace("−", "-")) for text in texts(browser, ".bars .number")]
    assert numbers == [*TERMS, Fraction(-1, 4)]
    assert sum(numbers) == 0
    script = """return [...document.querySelectorAll(".bars rect")].map(
        (bar) => [bar.x.baseVal.value, bar.width.baseVal.value])"""
    drawn = browser.execute_script(script)
    for (x, width), number in zip(drawn, numbers, strict=True):
        assert width == pytest.approx(HALF * abs(number) / Fraction(3, 2), abs=0.01)
        assert (x + width == 0) if number < 0 else (x == 0)


def test_terms_are_called_by_what_they_are_from() -> None:
    """A sample, a unit, or no more than a number where that is all that is known."""
    for known, labels in (
        ({"over": "samples", "from": (3, 5)}, ["sample 3", "sample 5"]),
        ({"over": "units", "from": (0, 1)}, ["unit 0", "unit 1"]),
        ({"over": "terms"}, ["term 1", "term 2"]),
        ({"labels": ("through a", "through b")}, ["through a", "through b"]),
    ):
        made = bars(cause(Kind.CANCELLATION, "fc", 1, terms=(1, -1), **known))
        assert made is not None
        assert [bar.label for bar in made.bars] == labels


def test_terms_without_numbers_have_no_bars() -> None:
    """Texts, nan and infinities cannot be drawn."""
    for terms in (("a", "b"), (float("nan"), 1.0), (), None):
        made = explanation(row("w", 1, zero=1, causes=(cause(Kind.CANCELLATION, "fc", 1, terms=terms),)))
        assert '<table class="bars">' not in Report(made).to_html()


def test_edges_and_vertices(browser: Chrome, shown: Open) -> None:
    """The drawing has all of them; no box stands on another; arrows follow the forward pass down."""
    shown(LARGE)
    script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.getAttribute(arguments[1]))"
    edges = browser.execute_script(script, ".edge", "data-edge")
    assert {tuple(map(int, edge.split())) for edge in edges} == set(GRAPH.edges)
    assert texts(browser, ".vertex title") == [
        "x (64×20): data", "0.weight: gradient zero", "0 (Linear): gradient zero",
        "1 (ReLU): gradient not zero", "2.weight: gradient not zero",
        "2 (Linear): gradient not zero", "3 (Hardtanh): gradient not known",
        "MSELoss: gradient not zero",
    ]  # fmt: skip
    boxes = [e.rect for e in browser.find_elements(By.CSS_SELECTOR, ".vertex rect")]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = (a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"],
                     a["y"] >= b["y"] + b["height"] or b["y"] >= a["y"] + a["height"])  # fmt: skip
            assert any(apart)
    listed = texts(browser, "section > details td.wrapped")
    names = [vertex.name for vertex in GRAPH.vertices]
    assert listed == [", ".join(names[b] for a, b in GRAPH.edges if a == i) for i in range(len(names))]


def test_names_are_text(browser: Chrome, shown: Open) -> None:
    """Whatever parameters, modules and files are called is shown as it is, and nothing of it runs."""
    hostile = cause(Kind.DEAD, f"{HOSTILE} (ReLU), unit 0", 1, all_samples=True, units=(0,), of=1)
    shown(
        explanation(
            row(HOSTILE, 1, zero=1, causes=(hostile,)),
            row(
                "w",
                1,
                zero=1,
                causes=(cause(Kind.CANCELLATION, HOSTILE, 1, terms=(1, -1), labels=(HOSTILE, "b")),),
            ),
            units=(Units(f"{HOSTILE} (ReLU)", ("o",)),),
            graph=Graph((Vertex(HOSTILE, "parameter"), Vertex(f"{HOSTILE} (ReLU)", "module")), ((0, 1),)),
            messages=(HOSTILE,),
            error=HOSTILE,
            optimizer=HOSTILE,
        )
    )
    assert browser.execute_script("return window.broken") is None
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert texts(browser, ".map > summary") == [f"{HOSTILE} (ReLU)"]
    assert HOSTILE in texts(browser, ".rows th")
    assert HOSTILE in texts(browser, ".bars th")
    assert texts(browser, ".vertex title")[0].startswith(HOSTILE)
    browser.find_element(By.CSS_SELECTOR, ".rows a").click()
    assert f"{HOSTILE} (ReLU)".partition(":")[0] in marked(browser)


def test_without_scripts(browser: Chrome, shown: Open) -> None:
    """All steps, tables, sentences and letters are there to be read."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        shown(MANY)
        assert all(
            section.is_displayed() for section in browser.find_elements(By.CSS_SELECTOR, "section.step")
        )
        assert not browser.find_element(By.ID, "stepper").is_displayed()
        letters = browser.find_element(By.CSS_SELECTOR, "#s2 .letters")
        letters.find_element(By.TAG_NAME, "summary").click()
        assert letters.find_element(By.CSS_SELECTOR, ".states td").text == LARGE.last.units[0].states[0]
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_on_paper(browser: Chrome, shown: Open) -> None:
    """What is there to be clicked is not printed; colours are those of paper."""
    shown(MANY)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not browser.find_element(By.ID, "stepper").is_displayed()
        assert (
            browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            == "rgb(255, 255, 255)"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("made", [MIXED, MANY, STEPS, LARGE])
def test_the_same_bytes_and_no_addresses(made: Explanation) -> None:
    """A page can be compared with an older one, and names no other file."""
    page = Report(made).to_html()
    assert page == Report(made).to_html()
    assert not re.findall(
        r"https?:|//[a-z]|\b(src|href)=(?!\"#)",
        page.replace(page[page.index("<style>") : page.index("</style>")], "").split("<script>")[0],
    )


def test_a_long_run_keeps_its_last_steps() -> None:
    """The page stays of a size that browsers can open, and says what it leaves out."""
    wide = tuple("a" * 1000 for _ in range(100))
    steps = tuple(
        StepReport(n, HEALTHY_ROWS, optimizer="SGD", units=(Units(RELU, wide),)) for n in range(1, 71)
    )
    page = Report(Explanation(steps)).to_html()
    assert page.count('<section class="step') == 50
    assert page.count('<details class="map" id=') == 10
    assert "the last 50 steps; to_json() has 20 earlier ones" in page


HEALTHY_ROWS = ALL["healthy"].last.parameters


OURS = re.findall(
    r"\w+",
    "html head meta title style body main header h1 h2 h3 p nav button span label select option section div "
    "table caption thead tbody tr th td a ol ul li details summary svg g path rect text line footer script",
)
"""The elements of which a page is made."""


class Tags(HTMLParser):
    """The elements of a page, checked to be closed as they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(EXPLANATIONS)
@example(LARGE)
@example(MANY)
@example(MIXED)
def test_any_explanation_has_a_page(made: Explanation) -> None:
    """Nothing in the data stops it; all elements are closed, and none is of the data's making."""
    page, tags = Report(made).to_html(), Tags()
    tags.feed(page)
    assert tags.open == []
    assert page.count("<script>") == len(SCRIPTS)
    assert tags.seen <= set(OURS)
