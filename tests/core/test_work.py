"""The budget of exact work: what hostile documents cost, that it is the same every time, who shares it.

Nothing is timed here: the units are what is promised.
"""

from __future__ import annotations

import json
import pickle
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zerograd as zg
from tests.core.certificates import offered
from zerograd.cli.program import cli
from zerograd.core.check import main as check
from zerograd.core.errors import Refused, TooMuchWork, ZerogradError
from zerograd.core.numbers import work
from zerograd.core.numbers.closed_text import parse_closed
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.products import product
from zerograd.core.question.documents import parse_json, problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import FORMAT as CERTIFICATE
from zerograd.core.verdict.atlas import check_atlas, patterns, row_problem
from zerograd.core.verdict.checking import ATLAS_FORMAT, RESULT_FORMAT, check_result
from zerograd.core.verdict.enclosed import FORMAT as ENCLOSURE
from zerograd.core.verdict.witness import FORMAT as WITNESS
from zerograd.proof import Proof

CORPUS = Path(__file__).parent / "corpus"
PROBLEM, RESULT = (str(CORPUS / "accept" / f"founding.{part}.json") for part in ("problem", "result"))


def spent(problem: Problem, document: Any, limit: int = work.DEFAULT) -> tuple[int, str]:
    """The units that reading and checking take, and how it ends."""
    text = json.dumps(document)
    with work.budget(limit) as meter:
        try:
            check_result(problem_from_json(problem.to_json()), parse_json(text))
        except ZerogradError as error:
            return meter.spent, f"{type(error).__name__}: {error}"
    return meter.spent, "accepted"


def witness(problem: Problem, parameters: Any, x: Any, y: Any, **more: Any) -> dict[str, Any]:
    document = {"format": WITNESS, "problem": problem.digest, "parameters": parameters, "x": x, "y": y}
    return document | more


def network(*widths: int, activation: str = "linear", bias: bool = False) -> Any:
    layers = [{"units": n, "activation": activation, "bias": bias} for n in widths[1:]]
    data = {"version": 1, "network": {"inputs": widths[0], "layers": layers}, "samples": 1}
    return problem_from_json(data).network


def digits(source: random.Random, count: int) -> str:
    return "7" + "".join(source.choices("0123456789", k=count - 1))


# --- the meter -----------------------------------------------------------------------------


def test_what_is_spent_is_counted() -> None:
    """Up to the limit and no further; outside a budget nothing is counted; the innermost one counts."""
    work.spend(10**20)
    assert not work.is_counted()
    with work.budget(10) as meter:
        work.spend(7)
        with work.budget(10**6) as inner:
            work.spend(50)
        work.spend(3)
        with pytest.raises(TooMuchWork, match=r"^more work than the budget of 10 units \(raise it with --wo"):
            work.spend(1)
    assert (meter.spent, inner.spent) == (11, 50)
    with work.budget(meter), pytest.raises(TooMuchWork):  # what is left of an earlier budget
        work.spend(1)
    again = pickle.loads(pickle.dumps(TooMuchWork(10)))
    assert isinstance(again, TooMuchWork) and (again.budget, again.lines) == (10, TooMuchWork(10).lines)
    assert isinstance(again, Refused)


@given(st.lists(st.fractions(max_denominator=10**9) | st.integers(), max_size=40))
def test_sums_are_sums(values: list[Any]) -> None:
    """Halves first, a sum is what it is; of what is counted and of what is not."""
    assert work.total(values) == sum(values)
    with work.budget():
        assert work.total(iter(values)) == sum(values)


@given(st.lists(st.fractions() | st.integers() | st.booleans() | st.just(Interval.of(1, 64)), max_size=9))
def test_the_longest_is_what_each_says(values: list[Any]) -> None:
    """Looked at together, integers are as long as the longest of them."""
    assert work.longest(values) == max(map(work.bits, values), default=0)


def test_what_is_remembered_counts_again() -> None:
    """The second time as the first; what was too much is so again, and is not remembered."""
    calls = []

    @work.remembered(8)
    def square(n: int) -> int:
        calls.append(n)
        work.spend(n)
        return n * n

    counts = []
    for _ in range(3):
        with work.budget(1000) as meter:
            assert square(400) == 160_000
        counts.append(meter.spent)
    assert counts == [400] * 3
    assert square(400) == 160_000 and calls == [400]
    for _ in range(2):
        with work.budget(500), pytest.raises(TooMuchWork, match="budget of 500 units"):
            work.spend(200)
            square(301)
    with work.budget(200), pytest.raises(TooMuchWork, match="budget of 200 units"):
        square(400)


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_longer_numbers_cost_more(a: int, b: int) -> None:
    short, long = sorted((a, b))
    assert 0 < work.fractional(short) <= work.fractional(long)
    assert 0 < work.whole(short, short) <= work.whole(short, long) <= work.whole(long, long)
    assert work.whole(short, long) == work.whole(long, short)


# --- hostile documents, reduced ------------------------------------------------------------


def test_a_field_of_high_degree_is_decided() -> None:
    """A random polynomial of degree 256: Sturm's chain takes a minute, Descartes' rule a part of a budget."""
    source = random.Random(3)
    polynomial = [source.randrange(-(10**10), 10**10) for _ in range(257)]
    polynomial[0], polynomial[-1] = 1, 10**10 + 7
    signs = [sum(c * Fraction(n, 64) ** i for i, c in enumerate(polynomial)) > 0 for n in range(-64, 65)]
    place = next(n for n in range(128) if signs[n] != signs[n + 1]) - 64
    problem = Problem(network=network(1, 1), samples=1)
    field = {"polynomial": [*map(str, polynomial)], "interval": [f"{place}/64", f"{place + 1}/64"]}
    alpha = {"alpha": ["0", "1"]}
    units, end = spent(problem, witness(problem, {"w1": [[alpha]]}, [["1"]], [["1"]], field=field))
    assert end == "accepted" and units < 1_000_000


def test_a_sign_behind_long_numbers_is_decided() -> None:
    """b − digits of √2, under a ReLU: on which side of the kink it is shows after 4,000 digits."""
    from math import isqrt

    problem = Problem(network=network(1, 1, activation="relu"), samples=1, nonzero=["w1"])
    field = {"polynomial": ["-2", "0", "1"], "interval": ["1", "3/2"]}
    near = isqrt(2 * 10**8000)
    value = {"alpha": [str(-near), "1" + "0" * 4000]}
    units, end = spent(problem, witness(problem, {"w1": [[value]]}, [["1"]], [["1/3"]], field=field))
    assert end == "accepted" and units < 1_000_000
    below = {"alpha": [str(-near - 1), "1" + "0" * 4000]}
    _, end = spent(problem, witness(problem, {"w1": [[below]]}, [["1"]], [["1/3"]], field=field))
    assert end.startswith("Refused: ∂L/∂w1[0,0]")


def test_products_of_long_polynomials_are_refused() -> None:
    """A certificate of 50 kB whose cofactors multiply to two million terms."""
    problem = Problem(network=network(1, 1, 1, activation="relu"), samples=1, zero=["w1"])
    long = [[str(n + 1), f"u{n}", f"v{n}"] for n in range(1800)]
    proof = {"cofactors": {}, "positive": [{"coefficient": "1", "squares": [long]}]}
    _, end = spent(problem, offered(problem, proof))
    assert end.startswith("TooMuchWork: more work than the budget of 5,000,000 units")
    short = proof | {"positive": [{"coefficient": "1", "squares": [long[:60]]}]}
    units, end = spent(problem, offered(problem, short))
    assert end.startswith("Refused") and units < 100_000


def bushy(depth: int, samples: int, number: int = 0) -> Any:
    """A tree that splits one unit after another, with a leaf that needs none of them."""
    if number == depth:
        return {"cofactors": {"where[0]": [["-1"]]}}
    name = f"z1[{number},0]"
    below = bushy(depth, samples, number + 1)
    return {"split": name, "cases": {f"{name} <= 0": below, f"{name} > 0": below}}


@pytest.mark.parametrize("units", [2, 12])
def test_a_node_costs_the_same_whatever_the_question(units: int) -> None:
    """Facts are rewritten where a leaf speaks of them, and not at each of the nodes above it."""
    problem = Problem(network=[1, units, 1], samples=12, zero=["w1", "w2", "b1", "b2"], where=["1 == 2"])
    counts = [spent(problem, offered(problem, bushy(depth, 12), samples=12)) for depth in (5, 9)]
    assert [end for _, end in counts] == ["accepted"] * 2
    assert 40 * 960 < counts[1][0] - counts[0][0] < 100 * 960  # 960 nodes more


def test_a_tree_of_ten_thousands_of_nodes_is_decided() -> None:
    problem = Problem(network=[1, 10, 1], samples=14, zero=["w1", "w2", "b1", "b2"], where=["1 == 2"])
    units, end = spent(problem, offered(problem, bushy(13, 14), samples=14))
    assert end == "accepted" and units < work.DEFAULT // 2


@pytest.mark.parametrize(("kind", "least"), [("dataset", 8_000), ("moments", 15_000)])
def test_parts_are_counted_by_what_conditions_say(kind: str, least: int) -> None:
    """Each part makes its system anew, and each condition is looked at for what it says of single samples."""
    deep = "x > 0"
    for n in range(20):
        deep = f"({deep} {'and' if n % 2 else 'or'} r > 0)"
    alone = ["x > 0", "r != 0", "grad(x) >= 0", "abs(x) <= 1", deep]
    where = ["1 == 2", *(alone * 4)]
    problem = Problem(network=[2, 2, 1], samples={"from": 5, "to": 6}, where=where)
    part: dict[str, Any] = {"system": kind, "proof": {"cofactors": {"where[0]": [["-1"]]}}}
    part |= {"samples": 1} if kind == "dataset" else {}
    counts = []
    for parts in (1, 11):
        document = {"format": CERTIFICATE, "problem": problem.digest, "parts": [part] * parts}
        units, end = spent(problem, document)
        assert end == "accepted"
        counts.append(units)
    assert counts[1] - counts[0] > 10 * least


def test_orders_of_curved_units_are_counted() -> None:
    """Each two samples of a unit have a distinction, for each part anew."""
    layers = [{"units": 3, "activation": "tanh"}, {"units": 1}]
    data = {"version": 1, "network": {"inputs": 1, "layers": layers}, "samples": 8, "where": ["1 == 2"]}
    problem = problem_from_json(data)
    part = {"system": "dataset", "samples": 8, "proof": {"cofactors": {"where[0]": [["-1"]]}}}
    document = {"format": CERTIFICATE, "problem": problem.digest, "parts": [part] * 10}
    units, end = spent(problem, document)
    assert end == "accepted" and units > 10 * 3 * 28 * 100  # 28 pairs of samples


def test_wide_networks_are_counted_by_their_products() -> None:
    """Reverse mode of a wide witness: ten times as wide, a hundred times the weights."""
    counts = []
    for n in (10, 100):
        problem = Problem(network=network(n, n), samples=n, some_nonzero=["w1"])
        units, end = spent(
            problem, witness(problem, {"w1": [["3"] * n] * n}, [["2"] * n] * n, [["1"] * n] * n)
        )
        assert end == "accepted"
        counts.append(units)
    assert 50 * counts[0] < counts[1] < work.DEFAULT // 10


@pytest.mark.slow
def test_a_trained_network_is_far_from_too_much() -> None:
    """784-128-10 with ten samples, all numbers as float64 has them."""
    source = random.Random(2)

    def numbers(rows: int, columns: int) -> list[list[str]]:
        return [
            [str(Fraction(source.getrandbits(53), 2 ** source.randint(53, 59))) for _ in range(columns)]
            for _ in range(rows)
        ]

    net = network(784, 128, 10, activation="relu", bias=True)
    problem = Problem(network=net, samples=10, some_nonzero=["w1"])
    parameters = {"w1": numbers(128, 784), "w2": numbers(10, 128)}
    biases = {"b1": numbers(1, 128)[0], "b2": numbers(1, 10)[0]}
    document = witness(problem, {**parameters, **biases}, numbers(10, 784), numbers(10, 10))
    units, end = spent(problem, document)
    assert end == "accepted" and units < work.DEFAULT // 3


@pytest.mark.parametrize(
    ("case", "ends"),
    [
        ("long fractions", "TooMuchWork"),
        ("a sum without a common denominator", "TooMuchWork"),
        ("squares of squares", "TooMuchWork"),
        ("powers of long numbers", "TooMuchWork"),
        ("lists in lists", "TooMuchWork"),
        ("logarithms", "accepted"),
    ],
)
def test_long_numbers(case: str, ends: str) -> None:
    """Fractions that grow in sums, squares and powers; brackets by the million; hard logarithms."""
    source = random.Random(5)

    def ratio(length: int) -> str:
        return f"{digits(source, length)}/{digits(source, length)}"

    match case:
        case "long fractions":
            problem = Problem(network=network(12, 12), samples=2, zero=["w1"])
            weights = [[ratio(8000) for _ in range(12)] for _ in range(12)]
            document = witness(problem, {"w1": weights}, [["1"] * 12] * 2, [["1"] * 12] * 2)
        case "a sum without a common denominator":
            problem = Problem(network=network(300, 1), samples=1, where=["sum(w1) == 0"])
            document = witness(problem, {"w1": [[ratio(700) for _ in range(300)]]}, [["0"] * 300], [["0"]])
        case "squares of squares":
            net = network(*[1] * 18, activation="relu_squared")
            problem = Problem(network=net, samples=40, zero=["w1"])
            document = witness(
                problem,
                {f"w{n}": [["3"]] for n in range(1, 18)},
                [[str(n + 2)] for n in range(40)],
                [["1"]] * 40,
            )
        case "powers of long numbers":
            problem = Problem(network=network(1, 1), samples=1, where=["x[0]**64 * w1**64 > 0"])
            document = witness(problem, {"w1": [[digits(source, 50_000)]]}, [["7"]], [["1"]])
        case "lists in lists":
            problem = Problem(network=network(1, 1), samples=1)
            document = witness(problem, {"w1": [["1"]]}, [[]] * 10**6, [["1"]])
        case _:
            problem = Problem(network=network(40, 1), samples=1)
            logs = [f"log({source.randrange(4 * 10**9, 42 * 10**8)})" for _ in range(40)]
            document = witness(problem, {"w1": [logs]}, [["1"] * 40], [["1"]])
    limit = work.DEFAULT if case.startswith("powers") else 400_000
    _, end = spent(problem, document, limit)
    assert end.split(":")[0] == ends, end[:200]


@pytest.mark.parametrize(("unknowns", "ends"), [(4, "Refused"), (64, "TooMuchWork")])
def test_narrow_boxes(unknowns: int, ends: str) -> None:
    """Thousands of bits for each of many derivatives: too much; for a few, decided (there is no solution)."""
    problem = Problem(network=network(unknowns, 1, activation="tanh"), samples=unknowns, zero=["w1"])
    weights = [[{"centre": f"0.{n + 1}", "radius": "1e-900"} for n in range(unknowns)]]
    x = [[str((m * n) % 7 - 3) for n in range(unknowns)] for m in range(unknowns)]
    document = witness(problem, {"w1": weights}, x, [["1"]] * unknowns) | {
        "format": ENCLOSURE,
        "equations": [f"w1[0,{n}]" for n in range(unknowns)],
    }
    _, end = spent(problem, document, 1_000_000)
    assert end.startswith(f"{ends}:")


def test_systems_of_wide_networks_are_refused() -> None:
    """A certificate of a hundred bytes, about a hundred thousand weights."""
    problem = Problem(network=network(300, 300), samples="any", zero=["w1"])
    document = offered(problem, {"cofactors": {}}, kind="identities", samples=None)
    _, end = spent(problem, document, 500_000)
    assert end.startswith("TooMuchWork")


# --- the same every time, and everywhere ---------------------------------------------------


def corpus(kind: str) -> list[str]:
    return sorted(p.name.removesuffix(".problem.json") for p in (CORPUS / kind).glob("*.problem.json"))


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k in ("accept", "refuse") for n in corpus(k)])
def test_the_count_is_the_same_again(kind: str, name: str) -> None:
    """Whatever earlier checks have left in caches."""
    problem = problem_from_json(json.loads((CORPUS / kind / f"{name}.problem.json").read_text()))
    document = json.loads((CORPUS / kind / f"{name}.result.json").read_text())
    first, second = spent(problem, document), spent(problem, document)
    assert first == second
    assert first[0] < work.DEFAULT // 100


def test_the_count_is_the_same_with_closed_forms_and_curves() -> None:
    """Logarithms and values of activations are remembered; their work counts all the same."""
    counts = set()
    for _ in range(3):
        with work.budget() as meter:
            value = parse_closed("3*log(5)*pi - log(7)**2 + 1/3")
            assert not isinstance(value, int | Fraction) and value.sign() == 1
        counts.add(meter.spent)
    assert len(counts) == 1


def test_all_who_read_share_the_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The checker alone, the commands `verify`, `export`, `explain`; results and proofs read in Python."""
    problem, data = zg.load(PROBLEM), json.loads(Path(RESULT).read_text())
    data["problem"]["question"] = problem.to_json()
    result = tmp_path / "r.json"
    result.write_text(json.dumps(data))
    refusal = "more work than the budget of 10 units (raise it with --work)"

    assert check(["--work", "10", PROBLEM, str(result)]) == 1
    assert capsys.readouterr().out == f"refused: {refusal}\n"
    assert check([PROBLEM, str(result), "--work", "100000"]) == 0
    for wrong in ("0", "-1", "many"):
        assert check(["--work", wrong, PROBLEM, str(result)]) == 2
    capsys.readouterr()

    commands = {
        ("verify", PROBLEM, str(result)): (1, f"refused: {refusal}\n", ""),
        ("export", str(result), "--to", "json"): (2, "", f"{result}: error: {refusal}\n"),
        ("explain", str(result)): (2, "", f"{result}: error: {refusal}\n"),
    }
    for command, expected in commands.items():
        with pytest.raises(SystemExit) as ended:
            cli.main([*command, "--work", "10"])
        told = capsys.readouterr()
        assert (ended.value.code, told.out) == expected[:2]
        assert refusal in told.err + told.out
    with pytest.raises(TooMuchWork):
        zg.load_answer(result, work=10)
    assert zg.load_answer(result).status == "sat"
    with pytest.raises(TooMuchWork):
        zg.verify(problem, data, work=10)
    with pytest.raises(TooMuchWork):
        Proof.from_json(problem, offered(problem, {"cofactors": {}}), work=10)


def test_too_much_is_no_violation_of_a_row() -> None:
    """An atlas whose budget ends in a row says so in the same words, and names no row."""
    problem = Problem(network=[1, 1], samples=1, zero=["w1"])
    rows = []
    for pattern in patterns(problem):
        asked = row_problem(problem, pattern)
        result = {"format": RESULT_FORMAT, "problem": {"digest": asked.digest}, "status": "unknown"}
        rows.append({"pattern": dict(pattern), "problem": asked.to_json(), "result": result})
    atlas = {"format": ATLAS_FORMAT, "problem": problem.to_json(), "rows": rows}
    with work.budget() as meter:
        assert len(check_atlas(problem, atlas)) == 2
    for limit in range(1, meter.spent, max(1, meter.spent // 20)):
        with work.budget(limit), pytest.raises(TooMuchWork, match=r"^more work than the budget"):
            check_atlas(problem, atlas)


@pytest.mark.parametrize(
    ("n", "length", "fractions", "least"),
    [(10, 100_000, False, 1_000_000), (30, 60, True, 100_000), (64, 470, False, 10_000)],
    ids=["few and long", "denominators that differ", "many and short"],
)
def test_products_of_matrices_are_counted(n: int, length: int, fractions: bool, least: int) -> None:
    """A unit for every two microseconds, or less: where numbers are few, and where they grow beforehand."""
    chance = random.Random(n)

    def number() -> int | Fraction:
        top = chance.getrandbits(length)
        return Fraction(top, chance.getrandbits(length) | 1) if fractions else top

    a, b = ([[number() for _ in range(n)] for _ in range(n)] for _ in range(2))
    with work.budget(10**9) as meter:
        product(a, b)
    assert meter.spent > least
