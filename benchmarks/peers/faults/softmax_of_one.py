"""A binary classifier with one output, and a softmax over that one."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = (x[:, :1] > 0).float()

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), nn.Softmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
