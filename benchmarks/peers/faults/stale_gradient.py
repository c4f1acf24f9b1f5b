"""An auxiliary head is used once; its gradient is never cleared, and moves it at every step."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = torch.randn(64, 1)

model = nn.ModuleDict({"body": nn.Linear(4, 16), "main": nn.Linear(16, 1), "auxiliary": nn.Linear(16, 1)})
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(200):
    model["body"].zero_grad()
    model["main"].zero_grad()
    h = torch.relu(model["body"](x))
    loss = nn.functional.mse_loss(model["main"](h), y)
    if step == 0:
        loss = loss + nn.functional.mse_loss(model["auxiliary"](h), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
