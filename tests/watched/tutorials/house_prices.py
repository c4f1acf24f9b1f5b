"""A regression with a class that trains. Planted: the hidden layers stand in a plain list."""

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    features: int = 6
    hidden: int = 12
    layers: int = 2
    lr: float = 1e-2
    batch_size: int = 20
    epochs: int = 2


class Regressor(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        sizes = [cfg.features] + [cfg.hidden] * cfg.layers
        self.hidden = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.act = nn.ELU()
        self.out = nn.Linear(cfg.hidden, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = self.act(layer(x))
        return self.out(x).squeeze(-1)


class Trainer:
    def __init__(self, model, cfg):
        self.model = model
        self.cfg = cfg
        self.loss_fn = nn.HuberLoss()
        self.optimizer = optim.RMSprop(model.parameters(), lr=cfg.lr)
        self.history = []

    def training_step(self, batch):
        x, y = batch
        self.optimizer.zero_grad()
        loss = self.loss_fn(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validate(self, loader):
        self.model.eval()
        losses = [self.loss_fn(self.model(x), y).item() for x, y in loader]
        self.model.train()
        return sum(losses) / len(losses)

    def fit(self, train, val):
        for epoch in range(self.cfg.epochs):
            losses = [self.training_step(batch) for batch in train]
            self.history.append({"train": sum(losses) / len(losses), "val": self.validate(val)})
            print("epoch", epoch, self.history[-1])

    def save(self, folder):
        torch.save(self.model.state_dict(), folder / "model.pt")
        (folder / "history.json").write_text(json.dumps(self.history))


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    cfg = Config(epochs=args.epochs)

    x = torch.randn(100, cfg.features)
    y = x @ torch.randn(cfg.features) + 0.1 * torch.randn(100)
    train = DataLoader(TensorDataset(x[:80], y[:80]), batch_size=cfg.batch_size, shuffle=True)
    val = DataLoader(TensorDataset(x[80:], y[80:]), batch_size=cfg.batch_size)

    trainer = Trainer(Regressor(cfg), cfg)
    trainer.fit(train, val)
    with tempfile.TemporaryDirectory() as folder:
        trainer.save(Path(folder))


if __name__ == "__main__":
    main()
