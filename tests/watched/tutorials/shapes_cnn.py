"""A CNN with batch norm and warm-up. Planted: a whole-number division makes step sizes 0."""

import argparse
import tempfile
from pathlib import Path

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset


class Shapes(Dataset):
    """Squares and crosses."""

    def __init__(self, n, seed):
        self.rng = torch.Generator().manual_seed(seed)
        self.items = [self.draw(k % 2) for k in range(n)]

    def draw(self, kind):
        image = 0.1 * torch.randn(1, 12, 12, generator=self.rng)
        r, c = torch.randint(1, 6, (2,), generator=self.rng).tolist()
        if kind:
            image[0, r : r + 5, c : c + 5] += 1
        else:
            image[0, r + 2, c : c + 5] += 1
            image[0, r : r + 5, c + 2] += 1
        return image, kind

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def conv_block(n_in, n_out):
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )


class SmallConvNet(nn.Module):
    def __init__(self, num_classes=2):
        super().__init__()
        self.features = nn.Sequential(conv_block(1, 8), conv_block(8, 16))
        self.dropout = nn.Dropout(0.25)
        self.classifier = nn.Linear(16 * 3 * 3, num_classes)

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.classifier(self.dropout(x))


def evaluate(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for images, labels in loader:
            correct += (model(images).argmax(dim=1) == labels).sum().item()
    return correct / len(loader.dataset)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", default=3, type=int)
    parser.add_argument("--warmup", default=5, type=int)
    parser.add_argument("--lr", default=0.05, type=float)
    return parser.parse_args()


if __name__ == "__main__":
    args = parse_args()
    torch.manual_seed(0)
    train_loader = DataLoader(Shapes(48, seed=0), batch_size=16, shuffle=True)
    val_loader = DataLoader(Shapes(16, seed=1), batch_size=16)
    model = SmallConvNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    scheduler = LambdaLR(optimizer, lambda epoch: min(1, epoch // args.warmup))

    best = 0.0
    with tempfile.TemporaryDirectory() as out:
        for epoch in range(args.epochs):
            model.train()
            total = 0.0
            for images, labels in train_loader:
                optimizer.zero_grad(set_to_none=True)
                loss = criterion(model(images), labels)
                loss.backward()
                optimizer.step()
                total += loss.item() * images.size(0)
            scheduler.step()
            accuracy = evaluate(model, val_loader)
            print(f"epoch {epoch + 1}: loss {total / len(train_loader.dataset):.4f}, accuracy {accuracy:.2%}")
            if accuracy > best:
                best = accuracy
                torch.save({"epoch": epoch, "state_dict": model.state_dict()}, Path(out) / "best.pt")
