"""A schedule for each group, made in a loop: all of them look up the loop's last value, which is 0."""

import torch

body, frozen = torch.nn.Parameter(torch.ones(1)), torch.nn.Parameter(torch.ones(1))
factors = {"body": 1.0, "frozen": 0.0}
schedules = []
for name in factors:
    factor = factors[name]
    schedules.append(lambda step: factor)
optimizer = torch.optim.SGD([{"params": [body]}, {"params": [frozen]}], lr=0.1)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedules)
for _ in range(3):
    optimizer.zero_grad()
    ((body - 3) ** 2 + (frozen - 3) ** 2).sum().backward()
    optimizer.step()
    scheduler.step()
