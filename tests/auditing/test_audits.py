"""Audits: what texts print of an example, held against what is so."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

import zerograd as zg
from tests.effort import seeds
from zerograd.core.auditing.claims import ClaimError, read_claims
from zerograd.core.auditing.judging import audit as judged
from zerograd.core.auditing.judging import check_audit
from zerograd.core.errors import FormatError, Refused
from zerograd.core.whole import is_whole


def example(values: dict[str, Any], network: Any = (1, 1, 1), samples: int = 1, **rest: Any) -> zg.Problem:
    """A problem with these numbers."""
    return zg.Problem(network=network, samples=samples, given=values, **rest)


def grades(problem: zg.Problem, *claims: object) -> list[str]:
    """What became of claims, in words."""
    return [str(finding.grade) for finding in zg.audit(problem, claims).findings]


def test_a_network_worked_out_by_hand() -> None:
    """Two inputs, two units, ½ r²: every number of a text, some of them rounded, one of them wrong."""
    problem = example(
        {"w1": [["0.3", "-0.1"], ["0.2", "0.4"]], "b1": [0, 0], "w2": [["0.5", "-0.3"]], "b2": 0,
         "x": [[1, 2]], "y": [1]},
        [2, 2, 1],
        loss={"sse": "1/2"},
    )  # fmt: skip
    claims = {
        "z1 == [1/10, 1]": "right",
        "y_hat ~ -0.25": "right",
        "loss == 0.78125": "right",
        "loss ~ 0.781": "rounded",
        "loss ~ 0.79": "wrong",
        "grad(y_hat) == -5/4": "right",
        "grad(z1) ~ [-0.625, 0.3]": "cut off",
        "grad(w2) ~ [-0.125, -1.25]": "right",
        "grad(w2[0,0]) == grad(y_hat) * z1[0,0]": "right",
    }
    assert grades(problem, *claims) == [*claims.values()]


def test_a_factor_that_was_forgotten() -> None:
    """A text that says (ŷ − y)² and differentiates half of it: everything is half of what is so."""
    problem = example(
        {"w1": [["0.1", "0.1"], ["0.1", "0.1"]], "b1": [0, 0], "w2": [["0.1", "0.1"]], "b2": 0,
         "x": [[1, 1]], "y": [1]},
        {"inputs": 2, "layers": [{"units": 2, "activation": "linear"}, {"units": 1}]},
    )  # fmt: skip
    audit = zg.audit(problem, ["grad(b2) == -0.96", "grad(w2) ~ [-0.192, -0.192]", "loss == 0.9216"])
    assert [finding.factor for finding in audit.findings] == [2, 2, None]
    assert "grad(b2) == -0.96: what is so is 2 times what is claimed." in str(audit)
    assert len(audit.wrong) == 2
    half = example(problem.to_json()["given"], problem.network, loss={"mse": "1/2"})
    assert grades(half, "grad(b2) == -0.96", "grad(w2) ~ [-0.192, -0.192]") == ["right", "right"]


def test_what_is_claimed_of_a_kink() -> None:
    """A unit at z = 0: its row is zero with slope 0, and not with slope 1."""
    problem = example({"x": [1, 2], "y": [1, 1], "w1": 1, "b1": -1, "w2": 1, "b2": 0}, samples=2)
    audit = zg.audit(problem, ["grad(w1) == 0", "grad(b2) == -1"])
    assert audit.judged.kink == "z1[0,0]"
    by_rule = {rule: [str(f.grade) for f in audit.under(rule)] for rule in ("torch", "left", "right", "mean")}
    assert by_rule == {
        "torch": ["right", "right"], "left": ["right", "right"],
        "right": ["wrong", "right"], "mean": ["wrong", "right"],
    }  # fmt: skip
    with pytest.raises(KeyError):
        audit.under("jax")
    off = zg.audit(example({"x": 2, "y": 1, "w1": 1, "b1": -1, "w2": 1, "b2": 0}), ["grad(b2) == 0"])
    assert off.judged.kink is None
    assert off.under("right") == off.findings
    assert [column.convention for column in off.judged.columns] == [None]


def test_published_points_that_are_not_critical() -> None:
    """A text: w1 = 0, b1 = 1, w2 = 1 is critical with loss 2/3. Neither is so; b1 = 1/3 is, with 2/9."""
    network = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "bias": False}]}
    data = {"x": [-1, 0, 1], "y": [0, 1, 0], "w1": 0, "w2": 1}
    claims = ["grad(w1) == 0", "grad(b1) == 0", "grad(w2) == 0", "loss ~ 0.6667"]
    wrong = zg.audit(example({**data, "b1": 1}, network, 3), claims)
    assert [str(f.grade) for f in wrong.findings] == ["right", "wrong", "wrong", "rounded"]
    assert {value.value for f in wrong.findings[1:3] for value in f.values} == {Fraction(4, 3)}
    right = [*claims[:3], "loss == 2/9"]
    assert grades(example({**data, "b1": "1/3"}, network, 3), *right) == ["right"] * 4


def test_after_a_step() -> None:
    """One step of gradient descent, by hand: w = 1 − ½·2·(1 − 0)."""
    problem = example({"x": 1, "y": 0, "w1": 1, "b1": 0}, [1, 1])
    audit = zg.audit(problem, [{"after_step": "1/4", "w1": "0.5", "y_hat": "0.0", "loss": 0}, "w1 == 1"])
    assert [str(f.grade) for f in audit.findings] == ["right"] * 4
    with_claim = zg.audit(problem, [{"after_step": "1/4", "claim": "w1 == b1 + 1"}])
    assert [str(f.grade) for f in with_claim.findings] == ["right"]
    # As texts do that leave biases as they are.
    some = zg.audit(problem, [{"after_step": "1/4", "of": "w1", "w1": "0.5", "b1": 0, "y_hat": "0.5"}])
    assert [str(f.grade) for f in some.findings] == ["right"] * 3
    assert str(some.claims[0]) == "w1 ~ 0.5 after a step of 1/4 of w1"
    assert check_audit(problem, json.loads(json.dumps(some.to_json()))) == some.judged


def test_a_kink_after_a_step() -> None:
    """It is told as that: at the given numbers no sample is on one."""
    problem = example({"x": 1, "y": 0, "w1": "1/2", "b1": "1/2", "w2": 1, "b2": 0})
    audit = zg.audit(problem, ["loss == 1", {"after_step": "1/4", "grad(w1)": "0.0"}])
    assert audit.judged.kink == "z1[0,0] after a step of 1/4"
    assert "z1[0,0] after a step of 1/4 is on a kink: what holds depends" in " ".join(str(audit).split())
    assert {str(column.findings[0].grade) for column in audit.judged.columns} == {"right"}
    under_mae = zg.audit(example({"x": 1, "y": 1, "w1": 1, "b1": 0}, [1, 1], loss="mae"), ["grad(b1) == 0"])
    assert "y_hat[0,0] is on a kink of the loss" in str(under_mae)


def test_how_it_should_read() -> None:
    """The digits that are claimed, and two more; also of claims in the notation of texts."""
    layers = [{"units": 1, "activation": "sigmoid"}]
    problem = example({"x": 1, "y": 1, "w1": "0.3775", "b1": 0}, {"inputs": 1, "layers": layers})
    audit = zg.audit(problem, ["y_hat ~ 0.593269993", "grad(w1) ≈ −0.0981", "y_hat ~ 0", "not y_hat == 1/2"])
    assert [str(f.grade) for f in audit.findings] == ["wrong", "wrong", "wrong", "right"]
    text = str(audit)
    assert "≈ 0.59326999211" in text
    assert "wrong; it rounds to 0.593269992" in text
    assert "grad(w1) ≈ −0.0981" in text
    assert [value.claimed for value in audit.findings[3].values] == [""]


def test_sums_and_means_are_named() -> None:
    """A factor of the number of samples is, of single numbers, too."""
    problem = example({"x": [1, 2, 3], "y": [0, 0, 0], "w1": 1, "b1": 0}, [1, 1], samples=3)
    audit = zg.audit(problem, ["loss == 14", "loss == 7", "grad(w1) == 28"])
    assert [finding.factor for finding in audit.findings] == [Fraction(1, 3), Fraction(2, 3), Fraction(1, 3)]


def test_smooth_networks_are_enclosed() -> None:
    """So are losses with logarithms; what is printed is compared with digits that are proved."""
    layers = [{"units": 1, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}]
    values = {"x": 1, "w1": "0.3", "b1": "0.2", "w2": "0.7", "b2": "-0.1", "y": 1}
    problem = example(values, {"inputs": 1, "layers": layers}, loss="bce")
    claims = ["y_hat ~ 0.55563912", "y_hat ~ 0.55563", "loss ~ 0.58764", "grad(w2) < 0", "y_hat == 1/2"]
    assert grades(problem, *claims) == ["rounded", "cut off", "rounded", "right", "wrong"]
    assert grades(problem, "y_hat**2 == y_hat * y_hat") == ["undecided"]


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("los == 1", "unknown name 'los' (did you mean 'loss'?)"),
        ("grad(w1) ~ [1, 2]", "grad(w1) has shape (1, 1), but what is printed has (2,)"),
        ("grad(q) == 0", "∂L/∂q cannot be asked"),
        ("loss", "'loss' is a number, not a condition"),
        (3, "expected a text such as 'loss == 1/3'"),
        ({"y_hat": 1}, "expected a text such as 'y_hat ~ 1'; or a step size under after_step"),
        ({"after_step": 1}, "says nothing of what is so after the step"),
        ({"after_step": "a", "loss": 1}, "expected a step size above 0, such as 1/10, found 'a'"),
        ({"after_step": 0.1, "loss": 1}, "expected a step size above 0, such as 1/10, found 0.1"),
        ({"after_step": 0, "loss": 1}, "expected a step size above 0"),
        ({"after_step": 1, "of": "w3", "loss": 1}, "no parameter is called w3 (there are w1, b1)"),
        ({"after_step": 1, "of": [], "loss": 1}, "expected names of parameters such as [w1, w2], found []"),
        ("loss ~ 3/4", "(a fraction is exact: write ==)"),
        ("loss ~ 75%", "(write 0.75 for 75 %)"),
        ("loss ~ 3.1×10^-2", "(write 3.1e-2)"),
        ({"after_step": 1, "loss": "1,5"}, "(write a point in decimals: 1.5)"),
        ({"after_step": 1, "loss": [1, [2]]}, "the items of a list must have one shape"),
        ({"after_step": 1, "loss": True}, "expected a number as it is printed"),
    ],
)
def test_claims_without_a_meaning(claim: object, message: str) -> None:
    """Each is told with its place in the list."""
    problem = example({"x": 1, "y": 0, "w1": 1, "b1": 0}, [1, 1])
    with pytest.raises(ClaimError, match=r"claims\[1\]") as caught:
        zg.audit(problem, ["loss == 1", claim])
    assert message in str(caught.value)


def test_what_cannot_be_audited() -> None:
    """No claims; and, where there is nobody to ask, an example without all its numbers."""
    with pytest.raises(FormatError, match="w1 is not given in full: without a search an example is audited"):
        judged(zg.Problem(network=[1, 1], samples=1, given={"x": 1}), read_claims(["loss == 1"]))
    with pytest.raises(FormatError, match="expected a list of claims"):
        zg.audit(example({"x": 1, "y": 0, "w1": 1, "b1": 0}, [1, 1]), [])


def test_divisions_by_zero_have_no_meaning() -> None:
    """They are neither right nor wrong."""
    problem = example({"x": 1, "y": 1, "w1": 1, "b1": 0}, [1, 1])
    audit = zg.audit(problem, ["1 / loss == 1", "y_hat / y ~ 1.0"])
    assert [str(f.grade) for f in audit.findings] == ["undefined", "right"]
    assert [str(claim) for claim in audit.wrong] == ["1 / loss == 1"]


def test_documents_are_calculated_anew() -> None:
    """The checker accepts what was written, and refuses every value and grade that is another."""
    problem = example({"x": [1, 2], "y": [1, 1], "w1": 1, "b1": -1, "w2": 1, "b2": 0}, samples=2)
    audit = zg.audit(problem, ["grad(w1) ~ 0.0", "loss == 1/3", {"after_step": "1/10", "loss": "0.40"}])
    document = json.loads(json.dumps(audit.to_json()))
    assert is_whole(document)
    assert check_audit(problem, document) == audit.judged
    claims = read_claims(document["claims"])
    assert claims == audit.claims
    for number in range(3):
        for column in range(len(document["findings"])):
            forged = json.loads(json.dumps(document))
            finding = forged["findings"][column]["claims"][number]
            finding["grade"] = "right" if finding["grade"] != "right" else "wrong"
            with pytest.raises(Refused, match=rf"claims\[{number}\]"):
                check_audit(problem, forged)
    with pytest.raises(Refused, match="kink"):
        check_audit(problem, {**document, "kink": None})
    with pytest.raises(Refused, match="problem"):
        check_audit(problem.with_kink("left"), document)
    broken: object
    for broken in (None, [], {}, {**document, "findings": 3}, {**document, "claims": 3}):
        with pytest.raises((FormatError, Refused)):
            check_audit(problem, broken)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("seed", seeds(40, 8))
def test_printed_gradients_of_pytorch_are_right_up_to_rounding(seed: int) -> None:
    """Nine digits of float64, of gradients of everything, before and after a step."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Any:
        return torch.randint(-30, 31, shape, generator=generator).double() / 10

    samples, widths = 3, (2, 3, 2)
    values = {"x": draw(samples, 2), "y": draw(samples, 2)}
    for layer, (below, units) in enumerate(pairwise(widths), start=1):
        values |= {f"w{layer}": draw(units, below), f"b{layer}": draw(units)}
    activation = ("relu", "tanh", "sigmoid", "softplus")[seed % 4]
    function = {"relu": torch.relu, "softplus": torch.nn.functional.softplus}.get(
        activation, getattr(torch, activation, torch.relu)
    )
    layers = [{"units": 3, "activation": activation}, {"units": 2}]
    written = {
        name: [[f"{v:.1f}" for v in row] if isinstance(row, list) else f"{row:.1f}" for row in array.tolist()]
        for name, array in values.items()
    }
    problem = zg.Problem(network={"inputs": 2, "layers": layers}, samples=samples, given=written)
    leaves = {name: value.clone().requires_grad_() for name, value in values.items()}
    z = leaves["x"] @ leaves["w1"].T + leaves["b1"]
    a = function(z)
    y_hat = a @ leaves["w2"].T + leaves["b2"]
    between = {"z1": z, "a1": a, "y_hat": y_hat}
    for tensor in between.values():
        tensor.retain_grad()
    loss = torch.nn.functional.mse_loss(y_hat, leaves["y"])
    loss.backward()
    told = {f"grad({name})": leaf.grad for name, leaf in {**leaves, **between}.items() if name != "y"}
    told |= {"loss": loss.detach(), "y_hat": y_hat.detach(), "z1": z.detach()}

    def nine(tensor: Any) -> Any:
        return [nine(row) for row in tensor] if tensor.dim() else f"{tensor.item():.9f}"

    claims = [f"{name} ~ {nine(tensor)}".replace("'", "") for name, tensor in told.items()]
    with torch.no_grad():
        after = {n: leaf - leaf.grad * 0.125 for n, leaf in leaves.items() if n not in ("x", "y")}
        stepped = function(values["x"] @ after["w1"].T + after["b1"]) @ after["w2"].T + after["b2"]
    claims.append({"after_step": "1/8", "y_hat": nine(stepped)})  # type: ignore[arg-type]
    found = {str(finding.grade) for finding in zg.audit(problem, claims).findings}
    assert found <= {"right", "rounded"}


XOR: dict[str, Any] = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}


def test_local_minima() -> None:
    """A run of 2-2-1 that ended at 0, ½, 1, ½ on exclusive or: it was at a local minimum with loss ⅛."""
    weights = {"w1": [[-4, 1], [-3, 0]], "b1": ["3/2", 2], "w2": [[1, -1]], "b2": "1/2"}
    there = example({**XOR, **weights}, [2, 2, 1], samples=4)
    claims = ["loss == 1/8", "minimum: local", {"minimum": "local"}, {"after_step": 1, "minimum": "local"}]
    assert grades(there, *claims) == ["right"] * 4
    near = example({**XOR, **weights, "b2": "3/5"}, [2, 2, 1], samples=4)
    audit = zg.audit(near, ["minimum: local"])
    assert [str(finding.grade) for finding in audit.findings] == ["wrong"]
    assert "minimum: local: no local minimum; the loss changes by" in str(audit)


def test_minima_on_kinks() -> None:
    """A published trap, |w·x + b| at w = 0, b = ½ on ± exclusive or: a strict local minimum; not at b = 0."""
    network = {"inputs": 2, "layers": [{"units": 1, "activation": "abs"}]}
    data = {"x": [[-1, -1], [-1, 1], [1, -1], [1, 1]], "y": [0, 1, 1, 0], "w1": [[0, 0]]}
    trap = zg.audit(example({**data, "b1": "1/2"}, network, 4), ["minimum: local", "loss == 1/4"])
    assert [str(finding.grade) for finding in trap.findings] == ["right", "right"]
    assert trap.findings[0].kind is not None
    assert str(trap.findings[0].kind.found.kind) == "strict minimum"
    kink = zg.audit(example({**data, "b1": 0}, network, 4), ["minimum: local"])
    assert kink.judged.kink == "z1[0,0]"
    assert {str(column.findings[0].grade) for column in kink.judged.columns} == {"wrong"}


def test_evidence_of_kinds_is_checked() -> None:
    """The checker looks for nothing: without evidence, or with that of another kind, it accepts nothing."""
    problem = example({"x": [1, 2], "y": [1, 1], "w1": 1, "b1": -1, "w2": 1, "b2": 0}, samples=2)
    document = json.loads(json.dumps(zg.audit(problem, ["minimum: local", "loss == 1"]).to_json()))
    assert check_audit(problem, document).findings[0].kind is not None
    for change in ("drop", "kind", "falls"):
        forged = json.loads(json.dumps(document))
        finding = forged["findings"][0]["claims"][0]
        if change == "drop":
            del finding["kind"]
        elif change == "kind":
            finding["kind"]["kind"] = "flat minimum"
        else:
            finding["kind"].pop("falls", None)
            finding["kind"]["minimum"] = {"by": "best predictions"}
        finding["grade"] = "right"
        with pytest.raises((Refused, FormatError)):
            check_audit(problem, forged)


def test_smooth_points_are_left_open() -> None:
    """Kinds are decided in exact numbers alone."""
    network = {"inputs": 1, "layers": [{"units": 1, "activation": "tanh"}, {"units": 1}]}
    values = {"x": 1, "y": 1, "w1": 1, "b1": 0, "w2": 1, "b2": 0}
    audit = zg.audit(example(values, network), ["minimum: local"])
    assert [str(finding.grade) for finding in audit.findings] == ["undecided"]
    assert not audit.decided


def test_probabilities() -> None:
    """Softmax of 1, 2, 3, and after a step; the logistic function; `p` is what the loss makes of ŷ."""
    given = {"x": [[1, 2]], "w1": [[1, 0], [0, 1], [1, 1]], "b1": [0, 0, 0], "y": [0, 0, 1]}
    network = {"inputs": 2, "layers": [{"units": 3, "activation": "linear"}]}
    claims = {
        "p ~ [0.09003057, 0.24472847, 0.66524096]": "rounded",
        "softmax(y_hat)[0,2] ~ 0.66524": "rounded",
        "softmax(y_hat[0,1]) < 1/4": "right",
        "sigmoid(y_hat) ~ [0.73105858, 0.88079708, 0.95257413]": "rounded",
        "p ~ [0.09, 0.67, 0.24]": "wrong",
        "grad(y_hat) == p": "wrong",
        "grad(y_hat[0,0]) == p[0,0]": "undecided",
    }
    problem = example(given, network, loss="cross_entropy")
    assert grades(problem, *claims) == [*claims.values()]
    assert zg.audit(problem, [*claims][4:5]).findings[0].hint is not None
    # y_hat is then 1 − 6 p[0] / 10, …: the biases move, too.
    after = [
        math.exp(z - 0.6 * (p - t))
        for z, p, t in zip((1, 2, 3), (0.09003057, 0.24472847, 0.66524096), (0, 0, 1), strict=True)
    ]
    told = [f"{value / sum(after):.7f}" for value in after]
    assert grades(problem, {"after_step": "1/10", "p": told}) == ["rounded"]
    squares = example(given, network)
    assert grades(squares, "softmax(y_hat) ~ [0.09, 0.24, 0.67]", "loss == 3") == ["rounded", "right"]
    with pytest.raises(ClaimError, match="unknown name 'p'"):
        zg.audit(squares, ["p ~ [0.09, 0.24, 0.67]"])
    with pytest.raises(ClaimError, match=r"softmax\(w1\) cannot be asked: there is softmax\(y_hat\)"):
        zg.audit(squares, ["softmax(w1) == 0"])
    with pytest.raises(zg.ProblemError, match="the functions are abs"):
        zg.Problem(network=[1, 1], samples=1, where=["softmax(y_hat) == 1"])
    logits = example({"x": 2, "w1": 1, "b1": 0, "y": 1}, [1, 1], loss="bce_with_logits")
    assert grades(logits, "p ~ 0.8808", "p > 0.88") == ["rounded", "right"]
