"""When a script is watched, and what becomes of the report."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

from tests.running.scripts import FINE, TRAINING, Folder

pytestmark = pytest.mark.needs("torch")

LEFT = """
import sys
from torch.utils._python_dispatch import _get_current_dispatch_mode
hooks = sys.modules["torch.optim.optimizer"]
print("left:", _get_current_dispatch_mode(), dict(torch.nn.modules.module._global_forward_hooks),
      dict(torch.nn.modules.module._global_forward_pre_hooks), torch.autograd.backward.__module__,
      torch.optim.Optimizer.__init__.__module__, len(hooks._global_optimizer_pre_hooks),
      len(hooks._global_optimizer_post_hooks))
"""
NOTHING = "left: None {} {} torch.autograd torch.optim.optimizer 0 0"


def test_the_first_steps_are_watched_and_the_script_goes_on(folder: Folder) -> None:
    run = folder.training("losses = [step() for _ in range(50)]\n" + LEFT + "print(losses)")
    plain = folder.start("-c", TRAINING + "print([step() for _ in range(50)])")
    assert run.code == 0
    assert NOTHING in run.out
    assert run.err == (
        f"zerograd: {FINE} (the first 10 steps were watched; the script goes on unwatched, at full speed, "
        "and Ctrl-C shows the report)\n"
    )
    losses, _, report = run.out.partition(FINE)
    assert losses.splitlines()[1] == plain.communicate()[0].decode().strip()
    assert "SGD, step 10" in report


def test_a_number_of_steps_ends_the_script(folder: Folder) -> None:
    run = folder.training(
        """
        import atexit
        atexit.register(print, "at exit")
        with open("open.txt", "w") as file:
            try:
                for number in range(50):
                    print(number)
                    step()
            finally:
                print("finally")
                file.write("closed")
        """,
        *("--steps", "2"),
    )
    assert run.code == 0 and not run.err
    assert run.out.startswith(f"0\n1\nfinally\nat exit\n{FINE}\nSGD, step 2")
    assert (folder.path / "open.txt").read_text() == "closed"


def test_a_script_that_catches_everything_is_ended_again(folder: Folder) -> None:
    run = folder.training(
        """
        for number in range(50):
            try:
                step()
            except:
                print("caught", number)
            if number == 3:
                break
        while True:
            step()
        """,
        *("--steps", "2"),
    )
    assert run.out.startswith("caught 1\ncaught 2\ncaught 3\n" + FINE)
    assert run.code == 0


def test_the_script_may_go_on_after_the_report(folder: Folder) -> None:
    run = folder.training("print([step() for _ in range(5)][2:])\n" + LEFT, "--steps", "2", "--go-on")
    assert run.code == 0
    report, _, after = run.out.partition("\n[")
    assert report.startswith(f"{FINE}\nSGD, step 2")
    assert NOTHING in after and FINE not in after


def test_the_scripts_own_exit_code_and_the_report_at_an_error(folder: Folder) -> None:
    run = folder.training("step()\nraise SystemExit(7)")
    assert run.code == 7 and run.out.startswith(FINE) and not run.err
    run = folder.training("step()\nmodel(torch.ones(1, 5))")
    assert run.code == 1 and run.out.startswith(FINE)
    assert run.err.endswith("shapes cannot be multiplied (1x5 and 4x8)\n")


def test_two_optimisers_are_one_step(folder: Folder) -> None:
    run = folder.training(
        """
        other = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])
        while True:
            step()
            sum(it.sum() for group in other.param_groups for it in group["params"]).backward()
            other.step()
        """,
        *("--steps", "3", "--json"),
    )
    assert len(json.loads(run.out)["steps"]) == 3
    assert run.code == 0


def test_json_is_alone_on_standard_output(folder: Folder) -> None:
    script = """
        import os, subprocess
        print("printed")
        os.write(1, b"written\\n")
        subprocess.run(["echo", "echoed"])
        step()
        """
    run = folder.training(script, "--json")
    assert json.loads(run.out)["verdict"] == FINE
    assert {"printed", "written", "echoed"} <= set(run.err.splitlines())


def test_the_report_is_kept_after_every_step(folder: Folder) -> None:
    script = """
        import json, os
        for number in range(1, 13):
            step()
            print(len(json.load(open("report.json"))["steps"]), end=" ")
        os.chdir("/")
        print()
        step(1)
        """
    run = folder.training(script, "-o", "report.json", "--html", "page.html")
    assert run.out.startswith("1 2 3 4 5 6 7 8 9 10 10 10 \n")
    assert run.code == 1
    document = json.loads((folder.path / "report.json").read_text())
    assert document["verdict"] == FINE and document["error"] is None  # it was not watched any more
    assert FINE in (folder.path / "page.html").read_text()


def test_what_cannot_be_kept_is_said_once(folder: Folder) -> None:
    script = "import os\nos.rmdir('gone')\nstep()\nstep()\nprint('end')"
    (folder.path / "gone").mkdir()
    run = folder.training(script, "-o", "gone/report.json")
    assert run.out.startswith("end\n" + FINE)
    assert run.err.count("cannot be written") == 1
    assert run.code == 2


def test_os_exit_has_a_report(folder: Folder) -> None:
    run = folder.training("import os\nstep()\nprint('lost')\nos._exit(0)")
    assert run.code == 0 and run.out.startswith(FINE)
    run = folder.training("import os\nstep()\nos._exit(9)", "--json")
    assert run.code == 9 and json.loads(run.out)["verdict"] == FINE


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        ("", "No gradient was seen: neither backward() nor torch.autograd.grad() was called."),
        ("model(x).sum().backward()", "has a gradient that is not zero"),
    ],
)
def test_a_script_that_never_steps(script: str, verdict: str, folder: Folder) -> None:
    use = "model(x)\n" if not script else ""
    run = folder.training(use + script)
    assert "no optimiser stepped" in run.out or "was not called" in run.out
    assert run.code == (0 if script else 3)
    assert script or run.out.startswith(verdict)


def test_what_is_not_decided_is_exit_code_3(folder: Folder) -> None:
    run = folder.training("torch.view_as_complex(model(x)).abs().sum().backward()\noptimizer.step()")
    assert run.code == 3 and "observed" in run.out


def test_processes_that_are_forked_are_left_alone(folder: Folder) -> None:
    run = folder.training(
        """
        import os, sys
        from torch.utils.data import DataLoader, TensorDataset

        if os.fork() == 0:
            for _ in range(3):
                step()
            print("child", torch.utils._python_dispatch._get_current_dispatch_mode(), flush=True)
            os._exit(4)
        print("parent", os.waitstatus_to_exitcode(os.wait()[1]))
        data = TensorDataset(x, y)
        for kind in ("fork", "spawn"):
            if __name__ == "__main__":
                for x, y in DataLoader(data, batch_size=8, num_workers=1, multiprocessing_context=kind):
                    step()
        """
    )
    assert run.code == 0 and not run.err
    assert run.out.startswith("child None\nparent 4\n")
    assert run.out.count("verdict") == 0 and "SGD, step 4" in run.out


def test_when_memory_runs_short_the_script_goes_on(folder: Folder) -> None:
    plant = "import zerograd.running.session as session\nsession.is_short = lambda: True\n"
    run = folder.training(plant + "losses = [step() for _ in range(20)]\nprint(len(losses))")
    assert run.out.startswith("20\n")
    assert "Memory ran short" in run.err


def test_a_thread_that_trains_is_ended_without_a_word(folder: Folder) -> None:
    """It is another thread than the one that imported torch: its steps are seen, its operations are not."""
    run = folder.training(
        """
        import threading

        def train():
            while True:
                step()

        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        print("joined")
        """,
        *("--steps", "2"),
    )
    assert run.code == 3 and not run.err
    assert run.out.startswith("joined\nNo parameter stands still, but 58 entries")


@pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")
@pytest.mark.slow
def test_training_within_a_loop_of_keras(folder: Folder) -> None:
    script = """
        import os
        os.environ["KERAS_BACKEND"] = "torch"
        import keras, numpy
        dead = keras.layers.Dense(8, activation="relu", bias_initializer=keras.initializers.Constant(-100))
        model = keras.Sequential([keras.layers.Input((4,)), dead, keras.layers.Dense(2)])
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
        model.fit(numpy.ones((64, 4)), numpy.ones((64, 2)), epochs=3, batch_size=8, verbose=0)
        """
    run = folder.watch(folder.write(script), "--steps", "3")
    assert run.code == 0
    assert run.out.startswith(
        "sequential/dense/bias, sequential/dense/kernel and sequential/dense_1/kernel do not"
    )


@pytest.mark.skipif(find_spec("lightning") is None, reason="lightning is not installed")
@pytest.mark.slow
def test_training_within_a_loop_of_lightning(folder: Folder) -> None:
    script = """
        import lightning, torch
        class Module(lightning.LightningModule):
            def __init__(self):
                super().__init__()
                self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
                torch.nn.init.constant_(self.net[0].bias, -100.0)
            def training_step(self, batch, number):
                return torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])
            def configure_optimizers(self):
                return torch.optim.Adam(self.parameters())
        data = torch.utils.data.TensorDataset(torch.ones(64, 4), torch.ones(64, 2))
        quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False)
        trainer = lightning.Trainer(max_epochs=3, accelerator="cpu", enable_model_summary=False, **quiet)
        trainer.fit(Module(), torch.utils.data.DataLoader(data, batch_size=8))
        print("fitted", trainer.global_step)
        """
    run = folder.watch(folder.write(script))
    assert run.code == 0
    assert run.out.startswith(
        "fitted 24\n0.weight, 0.bias and 2.weight do not move: their gradients are exactly zero"
    )
