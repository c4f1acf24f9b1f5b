"""The search that is started before the rest of the program: by the commands that are sure to want it."""

from __future__ import annotations

import pytest

from zerograd.cli.early import start_early, taken
from zerograd.search.process import SearchProcess
from zerograd.services.child import MEMORY


def test_a_process_is_handed_over_once() -> None:
    """Whoever takes it closes it."""
    start_early(["solve", "problem.yaml"])
    child = taken(MEMORY)
    assert child is not None
    assert taken(MEMORY) is None
    with SearchProcess(child=child):
        assert child.alive
    assert not child.alive


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["solve"],
        ["solve", "--help"],
        ["solve", "p.yaml", "--memory", "1G"],
        ["solve", "--mem=1G", "p.yaml"],
        ["verify", "p.yaml", "r.json"],
        ["--version"],
    ],
)
def test_others_start_none(arguments: list[str]) -> None:
    """What is only printed needs no search; with another cap it would be another process."""
    start_early(arguments)
    assert taken(MEMORY) is None


def test_another_cap_takes_none() -> None:
    """It stays for the end of the program, which closes it."""
    start_early(["solve", "problem.yaml"])
    assert taken(MEMORY // 2) is None
    child = taken(MEMORY)
    assert child is not None
    child.close()
