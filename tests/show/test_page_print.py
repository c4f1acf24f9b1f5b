"""The interactive page on paper, and in a frame of another page."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.show.pages import founding, irrational, two_outputs
from zerograd.api import load_answer
from zerograd.core.verdict.answer import Sat
from zerograd.show.page import page_html

pytestmark = pytest.mark.needs("chromium")

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
SHEETS = {"A4": (8.27, 11.69), "letter": (8.5, 11.0)}


def opened(browser: Chrome, folder: Path, answer: Sat, query: str = "") -> None:
    """Show the page of an answer."""
    (folder / "page.html").write_text(page_html(answer), encoding="utf-8")
    browser.get(f"{(folder / 'page.html').as_uri()}{query}")


def sheets(browser: Chrome, paper: str) -> int:
    """How many pages Chromium prints on."""
    width, height = SHEETS[paper]
    asked = {"paperWidth": width, "paperHeight": height, "preferCSSPageSize": False}
    printed = browser.execute_cdp_cmd("Page.printToPDF", asked)["data"]
    return len(re.findall(rb"/Type\s*/Page[^s]", base64.b64decode(printed)))


@pytest.mark.parametrize("paper", SHEETS)
@pytest.mark.parametrize("make", [founding, irrational, two_outputs])
def test_a_page_prints_on_two_sheets(browser: Chrome, tmp_path: Path, make: object, paper: str) -> None:
    """At most, whatever the window: the board does not stick, tables and formulas do not scroll."""
    assert callable(make)
    browser.set_window_size(1200, 500)
    opened(browser, tmp_path, make())
    assert 1 <= sheets(browser, paper) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["textbook-m3", "deep", "spurious-critical-point", "sigmoid-labels"])
def test_pages_of_the_gallery_print_on_two_sheets(browser: Chrome, tmp_path: Path, name: str) -> None:
    """Those with notes, four layers, or enclosed numbers, too."""
    answer = load_answer(GALLERY / f"{name}.json")
    assert isinstance(answer, Sat)
    opened(browser, tmp_path, answer)
    assert all(sheets(browser, paper) <= 2 for paper in SHEETS)


def test_embedded_pages_have_neither_header_nor_footer(browser: Chrome, tmp_path: Path) -> None:
    """With ``?embed`` alone; everything else is as it was, and works."""
    opened(browser, tmp_path, founding(title="A title"))
    parts = [browser.find_element(By.TAG_NAME, tag) for tag in ("header", "footer")]
    assert all(part.is_displayed() for part in parts)
    opened(browser, tmp_path, founding(title="A title"), "?embed")
    parts = [browser.find_element(By.TAG_NAME, tag) for tag in ("header", "footer")]
    assert not any(part.is_displayed() for part in parts)
    assert browser.find_element(By.ID, "workbench").is_displayed()
    assert len(browser.find_elements(By.CSS_SELECTOR, "#gradients tr")) == 4


def test_embedded_pages_take_no_height_from_the_window(browser: Chrome, tmp_path: Path) -> None:
    """A frame that is made as high as its content stays so: nothing sticks, nothing scrolls inside."""
    opened(browser, tmp_path, founding(), "?embed")
    heights = set()
    for height in (500, 900, 1400):
        size = {"width": 700, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        heights.add(browser.execute_script("return document.body.scrollHeight"))
        board = browser.find_element(By.ID, "board")
        assert board.value_of_css_property("position") == "static"
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert len(heights) == 1
