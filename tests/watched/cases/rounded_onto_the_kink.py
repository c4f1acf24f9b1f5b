"""Decimals that sum to 0 on paper; as float32 they do not, and rounding makes it 0 again."""

import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False))
with torch.no_grad():
    model[0].weight.copy_(torch.tensor([[0.1, 0.4, 0.2, -0.3]]))
    model[2].weight.fill_(0.3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
nn.functional.mse_loss(model(torch.tensor([[1.0, 0.0, 1.0, 1.0]])), torch.ones(1, 1)).backward()
optimizer.step()
