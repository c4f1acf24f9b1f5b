"""An input that is optimised, and is exactly at both ends of hardtanh: no slope there."""

import torch

x = torch.tensor([-1.0, 1.0], requires_grad=True)
optimizer = torch.optim.Adam([x], lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = (torch.nn.functional.hardtanh(x) * torch.tensor([2.0, -2.0])).sum()
    loss.backward()
    optimizer.step()
