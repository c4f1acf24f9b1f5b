"""What is printed of errors has no trace of the watch."""

from __future__ import annotations

import pytest

from tests.running.scripts import TRAINING, Folder
from zerograd.running.tracebacks import unwatched

pytestmark = pytest.mark.needs("torch")


@pytest.mark.parametrize(
    "text",
    [
        "import torch\nmodel = torch.nn.Sequential(torch.nn.Linear(3, 2))\nmodel(torch.ones(1, 4))",
        "import torch\na = torch.ones(2, 3, requires_grad=True)\ndef f():\n    return a @ a\nf()",
        "import torch\ntorch.ones(2, requires_grad=True).backward()",
        "import torch\ntorch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=-1)",
        """
        import torch
        class Twice(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                return x * 2
            @staticmethod
            def backward(context, gradient):
                return gradient @ torch.ones(9, 9)
        a = torch.ones(2, 3, requires_grad=True)
        try:
            Twice.apply(a).sum().backward()
        except RuntimeError as error:
            raise ValueError("bad") from error
        """,
        """
        import torch
        layer = torch.nn.Linear(3, 2)
        layer.register_forward_pre_hook(lambda module, inputs: print("own hook"))
        torch.nn.Sequential(layer)(torch.ones(1, 4))
        """,
    ],
)
def test_tracebacks_are_those_of_an_unwatched_run(text: str, folder: Folder) -> None:
    """Those that go through PyTorch too, with its way through modules without hooks."""
    python, watched = folder.both(folder.write(text))
    assert python.code == 1
    assert (watched.code, watched.err) == (1, python.err)


def test_an_error_while_torch_is_imported(folder: Folder) -> None:
    (folder.path / "torch").mkdir()
    folder.write("def broken():\n    raise OSError('a library is missing')\nbroken()\n", "torch/__init__.py")
    python, watched = folder.both(folder.write("import torch"))
    assert watched == python
    assert "a library is missing" in python.err


def test_a_mistake_of_zerograd_is_told_from_the_scripts(folder: Folder) -> None:
    """It is planted: a traceback that led into zerograd would point to the wrong place without its frames."""
    plant = "import zerograd.explaining.training.watch as watch\nwatch.report_step = None\nstep()\n"
    run = folder.watch(folder.write(TRAINING + plant))
    assert run.code == 70
    assert "explaining/training/watch.py" in run.err
    assert run.err.splitlines()[-1].startswith("bug: this is zerograd's mistake")


def test_an_instruction_without_a_line() -> None:
    """An interrupt may come at one. Its line is None in Python, and no traceback can be made with that."""
    code = compile("raise ValueError('here')", "user.py", "exec")
    units = len(code.co_code) // 2
    nowhere = bytes(0xF8 | min(7, units - 1 - n) for n in range(0, units, 8))  # entries of up to 8 units each
    with pytest.raises(ValueError, match="here") as caught:
        exec(code.replace(co_linetable=nowhere))
    entry = caught.tb.tb_next
    assert entry is not None and str(entry.tb_lineno) == "None"
    cleaned = unwatched(entry)
    assert cleaned is not None and cleaned.tb_frame is entry.tb_frame and cleaned.tb_lineno == 1
