"""A detach() that was left in the forward pass."""

import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    """An encoder and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(4, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        features = torch.relu(self.encoder(x)).detach()
        logits: Tensor = self.head(features)
        return logits


torch.manual_seed(0)
x = torch.randn(64, 4)
labels = torch.randint(0, 3, (64,))

model = Classifier()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), labels)
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.3g}")
