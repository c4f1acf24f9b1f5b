"""The atlas in docs/atlas: every row is accepted, and the page says what the data says."""

from __future__ import annotations

import pytest

from tools import atlas


@pytest.mark.needs("pyarrow")
def test_the_atlas_is_what_its_data_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows are checked by the core; nothing rests on a solver's word, and nothing is left open."""
    assert atlas.check(sample=0, seed=0) == 0
    assert capsys.readouterr().out.splitlines() == [
        "two-layers: 160 rows accepted, 0 of them not proved",
        "three-layers: 128 rows accepted, 0 of them not proved",
    ]


def test_the_smallest_network_is_that_of_the_atlas_command() -> None:
    """Its rows under torch are those that brute force finds (tests/test_atlas.py)."""
    rows = [row for row in atlas.checked("two-layers") if row.parameters["network"] == [1, 1, 1]][:16]
    assert [row.samples for row in rows] == [1, 1, 2, 1, 3, 2, 2, 1, 2, None, 2, 3, 3, 2, 2, 1]
    assert {row.parameters["kink"] for row in rows} == {"torch"}
