"""Two networks, each with its optimiser. Planted: the generator's loss is of detached samples."""

import argparse
import tempfile

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class Generator(nn.Module):
    def __init__(self, z_dim):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(z_dim, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, z):
        return self.net(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))

    def forward(self, x):
        return self.net(x)


def ring(n):
    angle = 2 * torch.pi * torch.rand(n)
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(n, 2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--z-dim", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=2)
    opt = parser.parse_args()

    torch.manual_seed(7)
    loader = DataLoader(TensorDataset(ring(96)), batch_size=32, shuffle=True, drop_last=True)
    generator, discriminator = Generator(opt.z_dim), Discriminator()
    criterion = nn.BCEWithLogitsLoss()
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))

    for epoch in range(opt.epochs):
        for i, (real,) in enumerate(loader):
            valid, fake = torch.ones(len(real), 1), torch.zeros(len(real), 1)

            # discriminator
            optimizer_d.zero_grad()
            samples = generator(torch.randn(len(real), opt.z_dim)).detach()
            d_loss = (criterion(discriminator(real), valid) + criterion(discriminator(samples), fake)) / 2
            d_loss.backward()
            optimizer_d.step()

            # generator
            optimizer_g.zero_grad()
            g_loss = criterion(discriminator(samples), valid)
            g_loss.backward()
            optimizer_g.step()

            print(f"[{epoch}/{opt.epochs}] [{i}/{len(loader)}] D {d_loss.item():.4f} G {g_loss.item():.4f}")

    with torch.no_grad():
        radius = generator(torch.randn(64, opt.z_dim)).norm(dim=1)
    print(f"mean radius {radius.mean().item():.3f} (the ring's is 1)")
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.save({"g": generator.state_dict(), "d": discriminator.state_dict()}, file.name)


if __name__ == "__main__":
    main()
