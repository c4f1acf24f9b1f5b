"""An earlier build of zerograd, to be measured beside today's in the same run."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import ROOT


class NoSuchBuild(Exception):  # noqa: N818 - named for what happened
    """The revision, or git, or the package in it, is not there."""


@dataclass(frozen=True, slots=True)
class Build:
    """A build: its commit, and the folder that holds the package."""

    commit: str
    folder: Path


@contextmanager
def earlier(revision: str) -> Iterator[Build]:
    """The package of a revision, in a folder that holds nothing else and is removed afterwards.

    Raises:
        NoSuchBuild: git does not have it.
    """
    commit = commit_of(revision)
    archive = _git("archive", "--format=tar", commit, "zerograd")
    with TemporaryDirectory(prefix="zerograd-build-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        yield Build(commit, Path(folder))


def commit_of(revision: str) -> str:
    """The commit that a revision names. Raises NoSuchBuild."""
    return _git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()


def _git(*arguments: str) -> bytes:
    """What git says in this repository."""
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise NoSuchBuild("git is not installed") from None
    except subprocess.CalledProcessError as error:
        raise NoSuchBuild(error.stderr.decode(errors="replace").strip()) from None
