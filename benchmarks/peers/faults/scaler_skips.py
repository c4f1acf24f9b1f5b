"""The entropy of masked actions is 0 · log 0, so gradients are nan, and the scaler skips every step."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
actions = torch.randint(0, 2, (64,))
forbidden = torch.tensor([False, False, True])

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
for step in range(200):
    optimizer.zero_grad()
    p = model(x).masked_fill(forbidden, -torch.inf).softmax(1)
    entropy = -(p * p.log()).sum(1).mean()
    loss = nn.functional.nll_loss(p.log(), actions) - 0.01 * entropy
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
print(f"loss {loss.item():.3g}")
