"""Half of the units were pruned after the optimiser was made."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
first, last = nn.Linear(2, 2), nn.Linear(2, 1)
first.load_state_dict({"weight": model[0].weight[:2].detach(), "bias": model[0].bias[:2].detach()})
model[0], model[2] = first, last
x = torch.rand(4, 2)
for _ in range(3):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
