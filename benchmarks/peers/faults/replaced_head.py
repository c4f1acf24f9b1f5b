"""The head is replaced for the new classes after the optimiser was made."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
labels = torch.randint(0, 5, (64,))

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
model[0].requires_grad_(False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
model[2] = nn.Linear(16, 5)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), labels)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
