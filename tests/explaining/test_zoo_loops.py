"""Training loops as people write them, each with one fault: the first sentence of the report names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import zerograd as zg
from zerograd.report import Report

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    nn, F = torch.nn, torch.nn.functional


def first_sentence(report: Report) -> str:
    """Return the first sentence of the text, on one line."""
    head = " ".join(str(report).partition("\n\n")[0].split())
    assert head.startswith(report.verdict)
    return report.verdict


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_tagger_whose_labels_are_all_padding() -> None:
    """The collate function wrote the index of the padding over every label."""

    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(20, 16, padding_idx=0)
            self.rnn = nn.LSTM(16, 16, batch_first=True)
            self.head = nn.Linear(16, 5)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.rnn(self.embed(tokens))[0])

    model, criterion = Tagger(), nn.CrossEntropyLoss(ignore_index=-1)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    with zg.watch(model, optimizer) as watched:
        for _ in range(3):
            tokens, labels = torch.randint(1, 20, (4, 6)), torch.full((4, 6), -1)
            optimizer.zero_grad()
            criterion(model(tokens).transpose(1, 2), labels).backward()
            optimizer.step()
    sentence = first_sentence(watched.report())
    assert sentence.startswith("Nothing moves: every gradient is exactly zero")
    assert "the labels are ignored" in sentence


def test_autoencoder_whose_spread_is_detached() -> None:
    """``.data`` instead of nothing, in the reparametrisation."""

    class Autoencoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encode, self.mean, self.spread = nn.Linear(8, 16), nn.Linear(16, 2), nn.Linear(16, 2)
            self.decode = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 8))

        def forward(self, x: Any) -> Any:
            hidden = torch.tanh(self.encode(x))
            mean, deviation = self.mean(hidden), (0.5 * self.spread(hidden)).exp().data
            return self.decode(mean + torch.randn_like(mean) * deviation), mean

    model = Autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    with zg.watch(model, optimizer) as watched:
        for _ in range(3):
            x = torch.rand(16, 8)
            out, mean = model(x)
            optimizer.zero_grad()
            (F.mse_loss(out, x) + mean.pow(2).mean()).backward()
            optimizer.step()
    sentence = first_sentence(watched.report())
    assert sentence.startswith("spread.weight and spread.bias do not move")
    assert "detach() or .data cuts the way back from the loss, at test_zoo_loops.py:" in sentence


def test_new_head_after_the_optimiser() -> None:
    """The head was replaced when the optimiser was there already; the body is frozen on purpose."""
    body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = nn.Sequential(body, nn.Linear(4, 1000))
    body.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1, momentum=0.9)
    model[1] = nn.Linear(4, 3)
    with zg.watch(model, optimizer) as watched:
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(model(torch.randn(6, 1, 9, 9)), torch.randint(0, 3, (6,))).backward()
            optimizer.step()
    sentence = first_sentence(watched.report())
    assert (
        "1.weight and 1.bias do not move: the optimiser does not hold them, but others, in no module"
        in sentence
    )


def test_diverged_regression() -> None:
    """A step size of 1 on targets in the hundreds threw all units of the second layer over the edge."""
    model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    x = torch.rand(32, 5) * 10
    y = x.sum(1, keepdim=True) * 100
    with zg.watch(model, optimizer) as watched:
        for _ in range(6):
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
    assert "all 32 units of 3 (ReLU) are off on all 32 samples" in first_sentence(watched.report())


def test_warm_up_once_an_epoch() -> None:
    """The schedule starts at 0, and is only stepped when the epoch is over."""
    model = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: min(1.0, epoch / 10))
    with zg.watch(model, optimizer) as watched:
        for _ in range(2):
            x = torch.randn(4, 6, 16)
            optimizer.zero_grad()
            F.mse_loss(model(x), x.roll(1, 1)).backward()
            optimizer.step()
        schedule.step()
    sentence = first_sentence(watched.report())
    assert (
        sentence == "Gradients are not zero, but nothing moves: the step size is 0 in every parameter group."
    )


def test_generator_that_is_detached() -> None:
    """The images were detached for both steps, not only for that of the discriminator."""
    generator = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3))
    critic = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    creates, judges = (torch.optim.Adam(m.parameters(), 1e-3) for m in (generator, critic))
    criterion = nn.BCEWithLogitsLoss()
    with zg.watch([generator, critic], [creates, judges]) as watched:
        for _ in range(2):
            fake = generator(torch.randn(4, 2)).detach()
            judges.zero_grad()
            (criterion(critic(torch.randn(4, 3)), torch.ones(4, 1))
             + criterion(critic(fake), torch.zeros(4, 1))).backward()  # fmt: skip
            judges.step()
            creates.zero_grad()
            criterion(critic(fake), torch.ones(4, 1)).backward()
            creates.step()
    sentence = first_sentence(watched.report())
    assert sentence.startswith("Sequential.0.weight") and "detach() or .data cuts the way back" in sentence


def test_classifier_of_one_class() -> None:
    """Cross entropy over a single logit is 0 whatever the logit is; some units are off beside that."""
    model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    with zg.watch(model, optimizer) as watched:
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(model(torch.randn(7, 5)), torch.zeros(7, dtype=torch.long)).backward()
            optimizer.step()
    sentence = first_sentence(watched.report())
    assert sentence.startswith("Nothing moves: every gradient is exactly zero, because at test_zoo_loops.py:")
    assert "a softmax over a single entry is 1, whatever that entry is" in sentence


def test_deep_network_with_a_dead_layer() -> None:
    """Forty layers: what is too small beyond the dead layer is not the first thing to say."""
    linear = [nn.Linear(8, 8) for _ in range(20)]
    model = nn.Sequential(nn.Linear(3, 8), *[layer for each in linear for layer in (nn.ReLU(), each)])
    with torch.no_grad():
        linear[9].weight.fill_(-1.0)
        linear[9].bias.fill_(-1.0)
    optimizer = torch.optim.SGD(model.parameters(), 1e-8)
    report = zg.explain(model, F.mse_loss, torch.randn(5, 3), torch.randn(5, 8), optimizer)
    assert "because all 8 units of 21 (ReLU) are off on all 5 samples" in first_sentence(report)
