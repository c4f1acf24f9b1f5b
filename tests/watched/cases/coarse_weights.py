"""A weight of 1 in bfloat16, and steps of 0.0006."""

import torch

scale = torch.nn.Parameter(torch.ones(1, dtype=torch.bfloat16))
optimizer = torch.optim.Adam([scale], lr=6e-4)
for _ in range(5):
    optimizer.zero_grad()
    (scale * 2 / 3).sum().backward()
    optimizer.step()
