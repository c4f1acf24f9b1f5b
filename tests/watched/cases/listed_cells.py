"""Cells in a plain list are no parameters of the module."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells = [nn.Linear(2, 2) for _ in range(2)]
        self.head = nn.Linear(2, 1)

    def forward(self, x):
        for cell in self.cells:
            x = torch.tanh(cell(x))
        return self.head(x)


torch.manual_seed(0)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    model(torch.rand(4, 2)).square().mean().backward()
    optimizer.step()
