"""The targets are the student's own outputs: the teacher was overwritten."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)

teacher = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
model = teacher
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    with torch.no_grad():
        y = teacher(x)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
