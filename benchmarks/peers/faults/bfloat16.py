"""Fine-tuning in bfloat16 with small steps: rounding gives back the old weights."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4, dtype=torch.bfloat16)
y = torch.randn(64, 1, dtype=torch.bfloat16)

model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1)).to(torch.bfloat16)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
