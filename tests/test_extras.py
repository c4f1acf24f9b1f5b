"""Hints name what works from where the user is."""

from __future__ import annotations

from pathlib import Path

import pytest

from zerograd import extras

ROOT = Path(extras.__file__).resolve().parents[1]


def test_in_a_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In its folder a dot will do; elsewhere its path is wanted."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "zerograd"\n')
    monkeypatch.setattr(extras, "__file__", str(tmp_path / "zerograd" / "extras.py"))
    monkeypatch.chdir(tmp_path)
    assert extras.install("plot") == "pip install '.[plot]'"
    monkeypatch.chdir("/")
    assert extras.install("plot") == f"pip install '{tmp_path}[plot]'"


@pytest.mark.parametrize("project", [None, '[project]\nname = "another"\n'])
def test_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: str | None) -> None:
    """In site-packages, beside whatever else, the name of the package is enough."""
    if project is not None:
        (tmp_path / "pyproject.toml").write_text(project)
    monkeypatch.setattr(extras, "__file__", str(tmp_path / "zerograd" / "extras.py"))
    monkeypatch.chdir(tmp_path)
    assert extras.install("plot") == "pip install 'zerograd[plot]'"


def test_the_projects_own_file() -> None:
    """This is a clone, if its tests are run in one."""
    assert (ROOT / "pyproject.toml").exists() == (extras._clone(ROOT) == ROOT)
