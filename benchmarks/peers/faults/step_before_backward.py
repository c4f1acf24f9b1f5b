"""step() stands before backward(), and zero_grad() before both."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = torch.randn(64, 1)

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.step()
    loss.backward()
print(f"loss {loss.item():.3g}")
