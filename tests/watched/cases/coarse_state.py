"""An Adam of one's own keeps its constants in the type of the weights: 0.999 is 1 in bfloat16."""

import torch


class Adam16(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, betas=(0.9, 0.999)):
        super().__init__(params, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                b1, b2 = (torch.tensor(b, dtype=p.dtype) for b in group["betas"])
                state["t"] += 1
                state["m"].lerp_(p.grad, float(1 - b1))
                state["v"].lerp_(p.grad * p.grad, 1 - group["betas"][1])
                size = group["lr"] * (1 - b2 ** state["t"]).sqrt() / (1 - b1 ** state["t"])
                p.addcdiv_(state["m"], state["v"].sqrt() + 1e-7, value=-float(size))


weight = torch.nn.Parameter(torch.full((1,), 0.5, dtype=torch.bfloat16))
optimizer = Adam16([weight])
for _ in range(3):
    optimizer.zero_grad()
    (weight * 3).sum().backward()
    optimizer.step()
