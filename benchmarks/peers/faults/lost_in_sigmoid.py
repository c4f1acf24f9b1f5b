"""Features that are not normalised: sigmoid is 1 in float32, and its gradient is lost."""

import torch
from torch import nn

torch.manual_seed(0)
features = 1000 + 50 * torch.randn(64, 4)
labels = torch.zeros(64, 1)

model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
nn.init.constant_(model[0].weight, 0.1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.binary_cross_entropy(model(features), labels)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
