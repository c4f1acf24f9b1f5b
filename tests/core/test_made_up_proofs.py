"""Certificates made up by hand for problems that have answers are refused; huge ones are refused soon."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.core.certificates import (
    CONTRADICTION,
    ONE,
    OPPOSITE,
    PROVABLE,
    accepted,
    b1,
    exchanged,
    offered,
    product,
    w1,
)
from zerograd.core.check import main
from zerograd.core.errors import Refused
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import (
    FORMAT,
    certificate_from_json,
)
from zerograd.core.refuting.refutation import (
    check_certificate,
)

WEAK = Problem(network=[1, 1], samples=1, where=["w1 >= 0", "b1 != 0", "w1 == 0 or w1 == 1", "x > 0"])
"""It has answers, with w1 = 0 and with w1 = 1."""
HALF = Problem(network=[1, 1], samples=1, where=["2 * w1 == 1", "w1 > 0"])
UNITS = Problem(network=[1, 2, 1], samples=2, where=["b1[0] > 0", "x[0] > 0"])

MADE_UP: dict[str, tuple[Problem, Any]] = {
    "nothing": (WEAK, {"cofactors": {}}),
    "an empty sum": (WEAK, {"cofactors": {}, "positive": []}),
    "no such label": (WEAK, {"cofactors": {"case 1": ONE}}),
    "a case is missing": (WEAK, {"compare": w1, "cases": {"!= 0": {"cofactors": {}}}}),
    "no case": (WEAK, {"compare": w1, "cases": {}}),
    "no sign": (
        WEAK,
        {"sign": w1, "cases": {"= 0": {"cofactors": {"case 1": ONE}}, "!= 0": {"cofactors": {}}}},
    ),
    "a case too many": (
        WEAK,
        {"compare": w1, "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION, "> 0": CONTRADICTION}},
    ),
    "an inequation as an equation": (WEAK, {"cofactors": {"where[1]": ONE}, "nonzero": {"where[1]": 1}}),
    "an inequality as an equation": (WEAK, {"cofactors": {"where[0]": ONE}}),
    "a weak fact as not 0": (
        WEAK,
        {
            "compare": w1,
            "cases": {
                "= 0": {"cofactors": {"case 1": ONE}, "nonzero": {"where[0]": 1}},
                "!= 0": {"cofactors": {}},
            },
        },
    ),
    "a weak product as above 0": (
        WEAK,
        {
            "sign": w1,
            "cases": {
                "< 0": product(factors={"where[0]": 1, "case 1": 1}),
                "= 0": {
                    "cofactors": {"case 1": ONE},
                    "positive": [{"coefficient": "1", "factors": {"where[0]": 1}}],
                },
                "> 0": CONTRADICTION,
            },
        },
    ),
    "an odd power of what is not 0": (WEAK, product(factors={"where[1]": 1})),
    "an odd cube": (
        WEAK,
        {
            "cofactors": {},
            "positive": [
                {"coefficient": "1", "factors": {"where[1]": 3}},
                {"coefficient": "-1", "factors": {"where[1]": 3}},
            ],
        },
    ),
    "a coefficient of 0": (WEAK, product("0")),
    "a coefficient below 0": (
        WEAK,
        {"cofactors": {}, "positive": [{"coefficient": "1"}, {"coefficient": "-1"}]},
    ),
    "a square as above 0": (
        WEAK,
        {
            "compare": w1,
            "cases": {
                "= 0": {"cofactors": {"case 1": w1}, "positive": [{"coefficient": "1", "squares": [w1]}]},
                "!= 0": CONTRADICTION,
            },
        },
    ),
    "the square of 0": (WEAK, {"cofactors": {}, "positive": [{"coefficient": "1", "squares": [[]]}]}),
    "an equation as a factor": (
        HALF,
        {"cofactors": {"where[0]": ONE}, "positive": [{"coefficient": "1", "factors": {"where[0]": 1}}]},
    ),
    "an equation as not 0": (HALF, {"cofactors": {"where[0]": ONE}, "nonzero": {"where[0]": 1}}),
    "a power of 0": (WEAK, {"cofactors": {}, "nonzero": {"where[1]": 0}}),
    "alternatives of a plain fact": (WEAK, {"either": "where[0]", "cases": {}}),
    "alternatives of nothing": (WEAK, {"either": "where[9]", "cases": {}}),
    "one of the alternatives": (
        WEAK,
        {"either": "where[2]", "cases": {"0": {"cofactors": {"where[2]/0": ONE}}}},
    ),
    "a disjunction as an equation": (WEAK, {"cofactors": {"where[2]": ONE}}),
    "another branch's label": (
        WEAK,
        {
            "either": "where[2]",
            "cases": {
                "0": {"cofactors": {"where[2]/0": ONE, "where[2]/1": [["-1"]]}},
                "1": {"cofactors": {"where[2]/0": ONE, "where[2]/1": [["-1"]]}},
            },
        },
    ),
    "the label of the other case": (
        WEAK,
        {
            "compare": w1,
            "cases": {
                "= 0": {"cofactors": {"case 1": ONE}},
                "!= 0": {"cofactors": {"case 1": ONE}, "nonzero": {"case 1": 1}},
            },
        },
    ),
    "a floor of reals": (
        HALF,
        {
            "floor": w1,
            "below": 0,
            "cases": {
                "<= 0": product(factors={"where[1]": 1, "case 1": 1}),
                ">= 1": {
                    "cofactors": {"where[0]": ONE},
                    "positive": [{"coefficient": "2", "factors": {"case 1": 1}}, {"coefficient": "1"}],
                },
            },
        },
    ),
    "a split that is not made": (WEAK, {"split": "z1[0,0]", "cases": {}}),
    "like oneself": (
        WEAK,
        {"compare": w1, "name": "a", "cases": {"= 0": {"like": "a"}, "!= 0": {"like": "a"}}},
    ),
    "like each other": (
        WEAK,
        {
            "compare": w1,
            "name": "a",
            "cases": {
                "= 0": {"compare": b1, "name": "b", "cases": {"= 0": {"like": "c"}, "!= 0": {"like": "c"}}},
                "!= 0": {"compare": b1, "name": "c", "cases": {"= 0": {"like": "b"}, "!= 0": {"like": "b"}}},
            },
        },
    ),
    "like nobody": (WEAK, {"like": "a"}),
    "like another case": (
        HALF,
        {
            "compare": [["2", "w1[0,0]"], ["-1"]],
            "cases": {
                "!= 0": {
                    "compare": b1,
                    "name": "a",
                    "cases": {
                        "= 0": {"cofactors": {"where[0]": ONE}, "nonzero": {"case 1": 1}},
                        "!= 0": {"cofactors": {"where[0]": ONE}, "nonzero": {"case 1": 1}},
                    },
                },
                "= 0": {"like": "a"},
            },
        },
    ),
    "like, with units exchanged that differ": (
        UNITS,
        {
            "sign": b1,
            "cases": {
                "< 0": {
                    "compare": w1,
                    "name": "a",
                    "cases": {"= 0": product(factors={"where[0]": 1, "case 1": 1}), "!= 0": product()},
                },
                "= 0": CONTRADICTION,
                "> 0": {"like": "a", "units": {"1": [1, 0]}},
            },
        },
    ),
    "like, with a layer that is not": (UNITS, {"like": "a", "units": {"7": [1, 0]}}),
}


@pytest.mark.parametrize("name", MADE_UP)
def test_made_up_proofs_are_refused(name: str) -> None:
    """Problems that have answers have no proof in any of the three systems."""
    problem, proof = MADE_UP[name]
    samples = problem.samples.fixed
    assert not accepted(problem, offered(problem, proof, samples=samples))
    assert not accepted(problem, offered(problem, proof, "moments", None))
    assert not accepted(problem, offered(problem, proof, "identities", None))


def test_a_renaming_must_leave_all_facts_as_they_are() -> None:
    """Where both biases are at least 0, one case is like the other; where only one is, it is not."""
    exchange = {"units": {"1": [1, 0]}}
    symmetric = Problem(network=[1, 2, 1], samples=2, where=[*OPPOSITE, "b1[1] >= 0"])
    one_sided = Problem(network=[1, 2, 1], samples=2, where=OPPOSITE)
    for kind, samples in (("dataset", 2), ("moments", None), ("identities", None)):
        assert accepted(symmetric, offered(symmetric, exchanged(**exchange), kind, samples))
        for problem, renaming, message in (
            (one_sided, exchange, "a renaming that leaves"),
            (symmetric, {}, "all assumptions"),
            (symmetric, {"samples": [1, 0]}, "all assumptions"),
            (symmetric, {"units": {"1": [0, 1]}}, "all assumptions"),
            (symmetric, {"units": {"1": [2, 1, 0]}}, "a renaming that leaves"),
        ):
            with pytest.raises(Refused, match=message):
                check_certificate(
                    problem, certificate_from_json(offered(problem, exchanged(**renaming), kind, samples))
                )


def test_integers_change_places_with_integers() -> None:
    """Renamings of integers, of which facts do not name all."""
    problem = Problem(
        network=[1, 2, 1],
        samples=2,
        domain="integer",
        given={"x": [[1], [None]]},
        where=["b1[0] >= 0", "b1[0] * b1[1] < 0", "b1[1] >= 0"],
    )
    for kind, samples in (("dataset", 2), ("identities", None)):
        proof = exchanged(units={"1": [1, 0]})
        assert accepted(problem, offered(problem, proof, kind, samples))


FILES: dict[str, tuple[str, int]] = {
    "no JSON": ("{", 2),
    "nothing": ("", 2),
    "nested deeply": ("[" * 200_000, 2),
    "keys nested deeply": ('{"cases":' * 100_000 + "1" + "}" * 100_000, 2),
    "not an object": ("[1]", 2),
    "another format": ('{"format": "x"}', 2),
    "no parts": (json.dumps({"format": FORMAT, "problem": "x", "parts": []}), 2),
    "NaN": ('{"format": NaN}', 2),
    "a key twice": ('{"format": 1, "format": 2}', 2),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_certificates(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line on what is wrong with them, and the exit code of unusable input."""
    text, code = FILES[name]
    assert run(text, PROVABLE["M=2 H=1"](), tmp_path) == code
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert len(captured.err) < 1000
    assert not captured.out


def run(text: str, problem: Problem, folder: Path) -> int:
    (folder / "p.json").write_text(json.dumps(problem.to_json()))
    (folder / "c.json").write_text(text)
    return main([str(folder / "p.json"), str(folder / "c.json")])


def nested(depth: int) -> Any:
    node: Any = CONTRADICTION
    for _ in range(depth):
        node = {"compare": w1, "cases": {"= 0": node, "!= 0": CONTRADICTION}}
    return node


HUGE: dict[str, Any] = {
    "cases, nested": nested(151),
    "cases, nested as far as may be": nested(150),
    "a long polynomial": {
        "compare": [["1", f"v{n}"] for n in range(100_000)],
        "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION},
    },
    "a high power": {
        "compare": [["1", *["v"] * 300_000]],
        "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION},
    },
    "long numbers": {
        "compare": [["9" * 90_000, "v"]],
        "cases": {"= 0": CONTRADICTION, "!= 0": CONTRADICTION},
    },
    "many cases": {"compare": w1, "cases": {str(n): CONTRADICTION for n in range(50_000)}},
    "a long floor": {"floor": w1, "below": int("9" * 4299), "cases": {}},
    "the longest floor": {"floor": [["1"]], "below": int("9" * 4300), "cases": {}},
    "many squares": {
        "cofactors": {},
        "positive": [{"coefficient": "1", "squares": [[["1", f"v{n}"] for n in range(300)]] * 50}],
    },
    "a long label": {"either": "e" * 10**6, "cases": {}},
    "signs to a terminal": {"either": "\x1b[2J", "cases": {"\x1b[2J": CONTRADICTION}},
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_certificates_are_refused_soon(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In seconds, with a message that fits a screen and has nothing in it for the terminal."""
    before = time.monotonic()
    problem = Problem(network=[1, 1], samples=1, domain="integer", where=["b1 != 0"])
    assert run(json.dumps(offered(problem, HUGE[name])), problem, tmp_path) in (1, 2)
    captured = capsys.readouterr()
    shown = captured.out + captured.err
    assert shown.startswith(("refused: ", "error: "))
    assert len(shown) < 20_000
    assert "\x1b" not in shown
    assert time.monotonic() - before < 60
