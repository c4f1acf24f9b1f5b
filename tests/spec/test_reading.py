"""Files that cannot be read at all, and what is said about them."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import NoReturn

import pytest

from zerograd.spec import SpecError, load, loads
from zerograd.spec.read import load_stdin
from zerograd.spec.source import BESIDE, MAX_BYTES

TEXT = "network: [1, 1, 1]\nsamples: 3\nzero: [w2, b2]\n"


def complaint(data: str | bytes) -> str:
    with pytest.raises(SpecError) as caught:
        loads(data, "p.yaml")
    return str(caught.value)


def complaint_about(path: Path | str) -> str:
    with pytest.raises(SpecError) as caught:
        load(path)
    return str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    """There is no such file."""
    path = tmp_path / "none.yaml"
    assert complaint_about(path) == f"{path}: error: no such file: check its name and folder"


def test_directory(tmp_path: Path) -> None:
    """A directory is not a file."""
    assert complaint_about(tmp_path) == f"{tmp_path}: error: is a directory: name a problem file inside it"


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this user may not read (for the superuser there is none, so the refusal is played)."""
    path = tmp_path / "secret.yaml"
    path.write_text(TEXT)

    def refuse(*_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert complaint_about(path) == f"{path}: error: cannot be read: Permission denied"


def test_names_that_are_no_names() -> None:
    """Null bytes and endless names are refused by the system, and say so."""
    assert complaint_about("a\0b") == "a\\x00b: error: cannot be read: embedded null byte"
    assert complaint_about("n" * 300).endswith(": error: cannot be read: File name too long")


def test_name_is_one_line(tmp_path: Path) -> None:
    """A line break or a terminal escape in a file's name stays one line of plain text."""
    assert complaint_about("two\nlines\x1b[31m").startswith("two\\nlines\\x1b[31m: error: no such file")


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """100 MB are refused at once, by their size."""
    path = tmp_path / "huge.yaml"
    path.touch()
    os.truncate(path, 100_000_000)
    start = time.perf_counter()
    assert complaint_about(path) == (
        f"{path}: error: 100000000 bytes, at most {MAX_BYTES} are read: {BESIDE}"
    )
    assert time.perf_counter() - start < 1


def test_endless_file() -> None:
    """A device that never ends is read to the limit and no further."""
    end = f"more than {MAX_BYTES} bytes, at most {MAX_BYTES} are read: {BESIDE}"
    assert complaint_about("/dev/zero") == f"/dev/zero: error: {end}"


def test_huge_text() -> None:
    """The limit holds for texts and bytes, too."""
    size = MAX_BYTES + 1
    end = f"at most {MAX_BYTES} are read: {BESIDE}"
    assert complaint("#" * size) == f"p.yaml: error: {size} characters, {end}"
    assert complaint(b"#" * size) == f"p.yaml: error: {size} bytes, {end}"


class Terminal:
    """A standard input of these bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem, a mistake, too much, and none at all."""
    monkeypatch.setattr("sys.stdin", Terminal(TEXT.encode()))
    assert load_stdin().samples.fixed == 3
    monkeypatch.setattr("sys.stdin", Terminal(b"- 1"))
    with pytest.raises(SpecError, match=r"^<stdin>:1:1: error: expected keys"):
        load_stdin()
    endless = Terminal(b"#" * (MAX_BYTES + 10))
    monkeypatch.setattr("sys.stdin", endless)
    with pytest.raises(SpecError, match=r"^<stdin>: error: more than 1048576 bytes"):
        load_stdin()
    assert endless.buffer.tell() == MAX_BYTES + 1
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(SpecError, match=r"^<stdin>: error: is closed: name a file$"):
        load_stdin()


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "---", "--- \n...\n", "~", "\ufeff"])
def test_empty(text: str) -> None:
    """Nothing in it, in several ways."""
    assert complaint(text) == (
        "p.yaml:1:1: error: the file is empty: a problem has at least the keys network and samples, "
        "and asks something, e.g. zero: [w1]"
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_wide_encodings(encoding: str) -> None:
    """UTF-16 and UTF-32, with and without a byte order mark."""
    assert complaint(TEXT.encode(encoding)) in (
        "p.yaml:1:1: error: the text is in UTF-16 or UTF-32: save it as UTF-8",
        "p.yaml:1:1: error: looks like UTF-16 text or a binary file: save it as UTF-8 text",
    )


def test_latin_1() -> None:
    """The first byte that is not UTF-8 is pointed at; columns count characters."""
    assert complaint("# é\ntitle: ".encode() + b"caf\xe9\n") == (
        "p.yaml:2:11: error: the byte 0xe9 is not UTF-8 text: save the file as UTF-8"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"title: a\0b", "1:9: error: the character U+0000 may not stand in a text file"),
        (b"a: 1\r\nb: \x07", "2:4: error: the character U+0007 may not stand in a text file"),
        (b"\x7fELF\x02\x01\x01" + bytes(9), "1:1: error: looks like UTF-16 text or a binary file"),
        (b"\x89PNG\r\n\x1a\n", "1:1: error: the byte 0x89 is not UTF-8 text"),
        (b"PK\x03\x04\x14", "1:3: error: the character U+0003 may not stand in a text file"),
    ],
)
def test_binary_noise(data: bytes, message: str) -> None:
    """Programs, pictures and archives are recognised as no text."""
    advice = (": save it as UTF-8 text", ": save the file as UTF-8", ": is this a binary file?")
    assert complaint(data) in [f"p.yaml:{message}{end}" for end in advice]


def test_half_of_a_character_in_a_string() -> None:
    """A Python string may hold what no file can."""
    assert complaint("title: \ud800") == (
        "p.yaml:1:8: error: the character U+D800 may not stand in a text file: is this a binary file?"
    )
