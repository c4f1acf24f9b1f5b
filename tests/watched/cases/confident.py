"""The direction of an attack on a confident network: 1 − p is e⁻¹²⁰."""

import torch

logits_of = torch.tensor([[3.0, -1.0], [-3.0, 1.0]])
x = torch.tensor([20.0, 0.0], requires_grad=True)
optimizer = torch.optim.SGD([x], lr=1.0)
for _ in range(2):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy((logits_of @ x)[None], torch.tensor([0]))
    loss.backward()
    optimizer.step()
