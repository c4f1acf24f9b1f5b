"""Hidden layers in a plain list: the optimiser never hears of them."""

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """A stack of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = [nn.Linear(4, 16), nn.Linear(16, 16)]
        self.last = nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Go through the layers."""
        for layer in self.hidden:
            x = torch.relu(layer(x))
        y: Tensor = self.last(x)
        return y


torch.manual_seed(0)
x = torch.randn(64, 4)
y = torch.randn(64, 1)

model = Network()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
