"""A wrong mask turns every label into the one that is ignored."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
labels = torch.randint(0, 3, (64,))
padding = torch.ones(64, dtype=torch.bool)
labels[padding] = -100

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), labels, ignore_index=-100, reduction="sum") / 64
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
