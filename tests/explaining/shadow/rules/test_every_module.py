"""A module of every kind in torch.nn: what it runs has a rule, or is on the list of what is observed only."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.modules import ABSTRACT, CASES, ELSEWHERE, EXTRA
from tests.explaining.shadow.rules.running import draw, tensors
from tests.explaining.torches import runs

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn


@pytest.fixture(autouse=True)
def seed() -> Iterator[None]:
    torch.manual_seed(0)
    yield


def test_no_kind_is_left_out() -> None:
    kinds = {
        name for name, kind in inspect.getmembers(nn, inspect.isclass) if issubclass(kind, nn.Module)
    } | ABSTRACT
    assert kinds - ABSTRACT - set(ELSEWHERE) == {name for name in CASES if hasattr(nn, name)}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", [*(name for name in CASES if hasattr(nn, name)), *EXTRA])
def test_what_it_runs_has_rules(name: str, training: bool) -> None:
    from zerograd.explaining.shadow.bounded import BoundedDomain
    from zerograd.explaining.shadow.evaluation import Evaluation, observed
    from zerograd.explaining.shadow.rules.unsupported import OBSERVED_ONLY
    from zerograd.explaining.tape.recorder import Recorder

    if name == "ChannelShuffle" and not runs(lambda: nn.ChannelShuffle(2)(draw(1, 2, 1, 1)).sum().backward()):
        pytest.skip("this torch does not differentiate shuffles of channels")
    build, inputs = (CASES | EXTRA)[name]
    module, arguments = build(), inputs()
    if name.startswith("Lazy"):
        module(*arguments)
    module.train(training)
    recorder = Recorder()
    with recorder:
        outputs = list(tensors(module(*arguments)))
    smooth = [out for out in outputs if out.requires_grad]
    wanted = [x for x in (*tensors(arguments), *module.parameters()) if x.requires_grad]
    adjoints = [draw(*out.shape, seed=k).detach().to(out.dtype) for k, out in enumerate(smooth)]
    gradients: list[Any] = []
    if smooth:
        with recorder:
            gradients = list(torch.autograd.grad(smooth, wanted, adjoints, allow_unused=True))
    results = [t for t in (*outputs, *gradients) if t is not None and t.is_floating_point()]
    assert results
    listed = {operation for operation, _ in OBSERVED_ONLY}
    with recorder.paused():
        sources = [recorder.read(result) for result in results]
        missing = {node.operation for node in observed(sources)}
        assert missing <= listed
        if missing:
            return
        evaluate = Evaluation(BoundedDomain())
        for source, result in zip(sources, results, strict=True):
            value = evaluate(source)
            assert value is not None, evaluate.reasons
            seen = result.detach().double()
            close = 1e-3 * (float(seen.abs().max()) + 1e-2) if seen.numel() else 0.0
            assert bool(((value.value - seen).abs() <= close + value.errors).all())
            assert name == "Transformer" or bool((value.errors <= close).all())  # bounds grow with depth


@pytest.mark.parametrize("operation", ["grid_sampler_2d", "linalg_householder_product"])
def test_what_is_observed_only_has_no_rule(operation: str) -> None:
    from zerograd.explaining.shadow.rules import find
    from zerograd.explaining.shadow.rules.unsupported import OBSERVED_ONLY

    reasons = dict(OBSERVED_ONLY)
    assert reasons[operation]
    assert all(find(name) is None for name in reasons)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_fused_layer_in_evaluation_is_observed_only() -> None:
    from zerograd.explaining.shadow.evaluation import observed
    from zerograd.explaining.tape.recorder import Recorder

    build, inputs = CASES["TransformerEncoderLayer"]
    module, (x,) = build().eval(), inputs()
    recorder = Recorder()
    with recorder, torch.no_grad():
        out = module(x)
    with recorder.paused():
        assert {node.operation for node in observed([recorder.read(out)])} == {
            "_transformer_encoder_layer_fwd"
        }
