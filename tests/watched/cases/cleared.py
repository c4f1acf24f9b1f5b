"""backward, zero_grad, step: with weight decay it moves all the same."""

import torch

weight = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.AdamW([weight], lr=0.1, weight_decay=0.1)
for _ in range(2):
    (weight - 3).square().sum().backward()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
