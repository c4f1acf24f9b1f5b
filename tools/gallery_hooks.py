"""What MkDocs adds to the gallery: of every counterexample the interactive page, made of its result document.

It is not kept in the repository: `zerograd export` makes it in no time.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from zerograd.api import load_answer
from zerograd.core.verdict.answer import Sat
from zerograd.exports import export

PICTURE = re.compile(r"^\[!\[.*\.svg\)$", re.MULTILINE)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages to the site."""
    from mkdocs.structure.files import File

    for path in sorted(Path(config.docs_dir, "gallery").glob("*.json")):
        if (page := interactive(path)) is not None:
            files.append(File.generated(config, address(path), content=page))
    return files


def on_page_markdown(text: str, page: Any, config: Any, **_: Any) -> str:
    """Name them below the picture."""
    result = Path(config.docs_dir, page.file.src_uri).with_suffix(".json")
    if not page.file.src_uri.startswith("gallery/") or not result.is_file():
        return text
    return with_link(text, Path(address(result)).name)


def interactive(result: Path) -> str | None:
    """The interactive page of an answer, checked; None where there is no witness."""
    answer = load_answer(result)
    return export(answer, "html") if isinstance(answer, Sat) else None


def address(result: Path) -> str:
    """Where it is in the site."""
    return f"gallery/{result.stem}-page.html"


def with_link(text: str, name: str) -> str:
    """The page with a line below its picture, if it has one."""
    said = f"[Change it, and see what becomes of the gradients]({name})."
    return PICTURE.sub(lambda match: f"{match[0]}\n\n{said}", text, count=1)
