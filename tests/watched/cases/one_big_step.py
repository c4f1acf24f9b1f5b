"""Pixels to 255, a large step, and a softmax before the logarithm: after one step, p is 0 in float32."""

import torch

weights = torch.zeros(3, 3, requires_grad=True)
optimizer = torch.optim.SGD([weights], lr=0.5)
pixels = torch.tensor([[255.0, 10.0, 130.0]])
for label in (0, 1, 1):
    optimizer.zero_grad()
    probabilities = torch.softmax(pixels @ weights, dim=-1)
    loss = -torch.log(probabilities[0, label] + 1e-10)
    loss.backward()
    optimizer.step()
