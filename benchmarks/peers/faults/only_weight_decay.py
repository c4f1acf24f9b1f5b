"""All ReLUs are off, and weight decay shrinks their weights all the same: the layer looks alive."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = torch.randn(64, 1)

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
nn.init.constant_(model[0].bias, -10.0)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.1)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
