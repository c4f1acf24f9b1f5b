"""A low-rank adapter of which both factors start at 0."""

import torch
from torch import Tensor, nn


class Adapter(nn.Module):
    """A frozen layer plus a product of two small ones."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(8, 1)
        self.base.requires_grad_(False)
        self.down = nn.Parameter(torch.zeros(2, 8))
        self.up = nn.Parameter(torch.zeros(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        """Add the adapter's output to the layer's."""
        y: Tensor = self.base(x) + x @ self.down.T @ self.up.T
        return y


torch.manual_seed(0)
x = torch.randn(64, 8)
y = torch.randn(64, 1)

model = Adapter()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
