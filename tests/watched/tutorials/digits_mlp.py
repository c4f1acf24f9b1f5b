"""Train a small network on pictures of digits. Planted: pixels from 0 to 255, not to 1, with a large step."""

import argparse
import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.fc1 = nn.Linear(14 * 14, hidden)
        self.fc2 = nn.Linear(hidden, 10)

    def forward(self, x):
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


def make_digits(n):
    """Pictures with one bright bar per class, and noise."""
    labels = torch.randint(0, 10, (n,))
    pictures = torch.randint(0, 60, (n, 1, 14, 14)).float()
    for picture, label in zip(pictures, labels):
        picture[0, int(label) + 2] += 180
    return TensorDataset(pictures, labels)


def train(model, loader, optimizer, epoch):
    model.train()
    for batch, (data, target) in enumerate(loader):
        optimizer.zero_grad()
        output = model(data)
        loss = F.cross_entropy(output, target)
        loss.backward()
        optimizer.step()
        if batch % 2 == 0:
            print(f"Train epoch {epoch} [{batch * len(data)}/{len(loader.dataset)}]  loss {loss.item():.4f}")


@torch.no_grad()
def test(model, loader):
    model.eval()
    loss, correct = 0.0, 0
    for data, target in loader:
        output = model(data)
        loss += F.cross_entropy(output, target, reduction="sum").item()
        correct += (output.argmax(1) == target).sum().item()
    n = len(loader.dataset)
    print(f"Test: average loss {loss / n:.4f}, accuracy {correct}/{n} ({100 * correct / n:.0f} %)")


def main():
    parser = argparse.ArgumentParser(description="digits")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--lr", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    train_set, test_set = random_split(make_digits(160), [128, 32])
    train_loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=args.batch_size)

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    for epoch in range(1, args.epochs + 1):
        train(model, train_loader, optimizer, epoch)
        test(model, test_loader)
    with tempfile.TemporaryDirectory() as folder:
        torch.save(model.state_dict(), os.path.join(folder, "digits.pt"))


if __name__ == "__main__":
    main()
