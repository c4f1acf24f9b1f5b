"""Wheel and sdist have all files that they should, and nothing else."""

from __future__ import annotations

import email
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from zerograd.cli.helping import LEFT_OUT, pages

pytestmark = pytest.mark.needs("git", "hatchling", "hatch_fancy_pypi_readme")
ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "docs/FORMATS.md",
    "docs/benchmarks.md",
    "docs/how-to/",
    "docs/reference/",
    "docs/trust.md",
    "docs/tutorial.md",
)
"""What of the documentation is in the wheel: what `zerograd help` shows."""


def build(kind: str, folder: Path, source: Path = ROOT) -> Path:
    """Build a distribution with what is installed, without a network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def tracked() -> set[str]:
    """The files that git keeps, or will: those that it does not ignore."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
    return {name for name in done.stdout.split("\0") if name and ROOT.joinpath(name).is_file()}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, without what describes it."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def test_the_sdist_is_the_repository(sdist: Path) -> None:
    """All that git keeps."""
    with tarfile.open(sdist) as archive:
        found = {str(PurePosixPath(*PurePosixPath(m.name).parts[1:])) for m in archive if m.isfile()}
    assert found - {"PKG-INFO"} == tracked()


def test_the_wheel_is_the_package_and_its_pages(wheel: Path) -> None:
    """Data and templates, too; no page that `zerograd help` shows is missing."""
    package = {name for name in tracked() if name.startswith("zerograd/")}
    docs = {f"zerograd/{name}" for name in tracked() if name.startswith(PAGES)}
    found = set(contents(wheel))
    assert found == package | docs
    shown = {PurePosixPath(name).stem.lower() for name in found if name.endswith(".md")}
    assert shown >= set(pages())
    assert len(pages()) == len(docs) - sum(name != "index.md" for name in LEFT_OUT)


def test_the_sdist_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    """Who builds from it gets what is published."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert contents(build("wheel", tmp_path / "again", source)) == contents(wheel)


def test_what_the_wheel_says_of_itself(wheel: Path) -> None:
    """The README, without links that lead nowhere outside of the repository; the versions of Python."""
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        told = email.message_from_bytes(archive.read(name))
    text = told.get_payload()
    assert isinstance(text, str)
    assert text.lstrip().startswith("# zerograd")
    assert "](docs/" not in text and "![" not in text
    assert "My optimiser does not move leads from" in " ".join(text.split())
    assert told["Requires-Python"] == ">=3.11"
    assert "Programming Language :: Python :: 3.14" in told.get_all("Classifier", [])
