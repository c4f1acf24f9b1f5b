"""The documentation site is built strictly, holds every public name, and asks nothing of other machines."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import zerograd

pytestmark = [pytest.mark.slow, pytest.mark.needs("latex2mathml", "mkdocs", "mkdocstrings")]

ROOT = Path(__file__).resolve().parents[2]
FETCHED = {"link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src", "object": "data"}
"""What a browser fetches by itself. (Of links, what they are for is looked at.)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Requests(HTMLParser):
    """The addresses that a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") in {"canonical", "next", "prev"}:
            return
        if tag in FETCHED and (address := given.get(FETCHED[tag])):
            self.found.append(address)
        if address := given.get("srcset"):
            self.found.append(address)


def test_no_page_requests_anything_from_elsewhere(site: Path) -> None:
    """No stylesheet, script, picture or font: what is fetched lies in the site."""
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text(encoding="utf-8")
        requests = _Requests()
        requests.feed(text)
        for address in requests.found:
            assert not re.match(r"(\w+:)?//", address), f"{page.name} fetches {address}"
            if page.name != "404.html":
                assert (page.parent / address.partition("?")[0]).exists(), f"{page.name}: no {address}"
    for sheet in site.rglob("*.css"):
        outside = re.findall(
            r"(?:@import|url\()\s*['\"]?(?:https?:)?//[^)'\"]*", sheet.read_text(encoding="utf-8")
        )
        assert not outside, f"{sheet.name} fetches {outside}"


def test_no_formula_is_left_as_text(site: Path) -> None:
    """All of them are MathML."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "arithmatex" not in text
        prose = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
        assert "$" not in prose, page.name
    assert "<math" in (site / "theory" / "meaning.html").read_text(encoding="utf-8")


def test_every_public_name_has_its_place(site: Path) -> None:
    """In the Python reference; and there is none that is not public."""
    text = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    named = re.findall(r"^::: (\S+)$", text, re.MULTILINE)
    public = set(zerograd.__all__) - {"__version__"}
    assert sorted(name.rpartition(".")[2] for name in named) == sorted(public)
    html = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for name in named:
        assert f'id="{name}"' in html


def test_every_counterexample_has_its_interactive_page(site: Path) -> None:
    """In one file, named below the picture; where a browser cannot follow changes, it says so."""
    pages = list((site / "gallery").glob("*-page.html"))
    results = {path.stem: json.loads(path.read_text()) for path in (ROOT / "docs" / "gallery").glob("*.json")}
    assert {path.name.removesuffix("-page.html") for path in pages} == {
        name for name, result in results.items() if result["status"] == "sat"
    }
    for page in pages:
        text = page.with_name(page.name.replace("-page", "")).read_text(encoding="utf-8")
        assert f'href="{page.name}"' in text
        smooth = "sigmoid" in page.name
        assert ("Back to the counterexample" in page.read_text(encoding="utf-8")) is not smooth
        assert ("A browser cannot follow changes" in page.read_text(encoding="utf-8")) is smooth
