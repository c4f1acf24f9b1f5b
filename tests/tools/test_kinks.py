"""The page about kinks has the table, and the libraries that are here return what it says."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tools import kinks
from tools.zeros.conventions import LOSS_NAMES, NAMES, RIGS, expected
from zerograd.core.model.activations import ACTIVATIONS, FAMILIES
from zerograd.core.model.kinks import UnknownDerivative
from zerograd.core.model.libraries import LIBRARIES
from zerograd.core.model.losses import LOSSES

PAGE = kinks.PAGE.read_text(encoding="utf-8")


def test_the_page_has_the_table() -> None:
    """Every part of it, and all that is known."""
    assert kinks.written(PAGE) == PAGE, "python tools/kinks.py update"
    assert set(re.findall(r"<!-- kinks: (\w+) -->", PAGE)) == set(kinks.parts())
    rows: dict[str, list[str]] = {}
    for half in kinks.parts()["table"].split("\n\n"):
        for line in half.splitlines()[2:]:
            rows.setdefault(line.split("`")[1], []).extend(map(str.strip, line.split("|")[2:-1]))
    assert set(rows) == {"torch", *LIBRARIES}
    for name, library in LIBRARIES.items():
        assert rows[name] == [", ".join(map(str, library.choices.get(column, ()))) for column in NAMES]


def test_columns_are_all_that_has_kinks() -> None:
    """Activations and losses of a name; a call for each field that is not empty, and no other."""
    members = [*ACTIVATIONS.values(), *(family.make(2) for family in FAMILIES.values())]
    kinked = {activation.name for activation in members if activation.has_kinks}
    assert set(NAMES) == kinked | {name for name, loss in LOSSES.items() if loss.has_kinks}
    assert set(LOSS_NAMES) == set(NAMES) - kinked
    for name, rig in RIGS.items():
        assert set(rig.calls) == set(kinks.row_of(name).choices)


@pytest.mark.parametrize("name", ["torch==2.13", "torch>=2.14"])
def test_versions_of_torch_have_its_activations(name: str) -> None:
    """What differs is the hinge loss; what is documented of ``torch`` holds for all that were measured."""
    for column in NAMES:
        if column != "hinge":
            assert [*expected(name, column)] == [*expected("torch", column)]


def measure(*arguments: str) -> str:
    command = [sys.executable, str(kinks.ROOT / "tools" / "kinks.py"), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.needs("torch", "jax")
@pytest.mark.parametrize("name", ["torch", "torch==2.13", "torch>=2.14", "jax"])
def test_libraries_return_what_was_measured(name: str) -> None:
    """In the versions that are here."""
    for package in ("torch", "jax"):
        pytest.importorskip(package)
    told = kinks.measure(name)
    assert told.get("other") or (told["kinks"] == 18 and told["wrong"] == [])


def test_the_tool_says_what_is_not_installed() -> None:
    """A real process; nobody has these beside what the tests need."""
    if any(RIGS[name].installed for name in ("mindspore", "mxnet")):
        pytest.skip("they are installed")
    assert measure("measure", "mindspore", "mxnet") == "mindspore: not installed\nmxnet: not installed\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in RIGS if name.partition("=")[0] not in ("torch", "jax", "torch>")]
)
def test_what_is_installed_returns_what_was_measured(name: str) -> None:
    """Few have these libraries; whoever has them measures again."""
    if RIGS[name].installed is None:
        assert measure("measure", name) == f"{name}: not installed\n"
    else:
        assert "as the table says" in measure("measure", name)


@pytest.mark.needs("torch")
def test_what_is_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's functions, held against what JAX returns."""
    pytest.importorskip("torch")
    monkeypatch.setattr(kinks, "RIGS", {**RIGS, "jax": RIGS["torch"]})
    wrong = kinks.measure("jax")["wrong"]
    assert isinstance(wrong, list)
    assert {line.partition(" ")[0] for line in wrong} == {"leaky_relu", "abs", "hardtanh", "mae", "hinge"}
    assert wrong[0] == "leaky_relu by F.leaky_relu(x, p), x = 0, p = 0.25: 0.25, the table has 1"


def test_what_was_not_measured_is_refused() -> None:
    """An empty field is an error, with what is known of it."""
    with pytest.raises(
        UnknownDerivative, match=r"of leaky_relu was not measured \(its leaky_relu is max\(s·z, z\)"
    ):
        FAMILIES["leaky_relu"].make("1/4").derivatives_at_kinks("mlx")
    with pytest.raises(
        UnknownDerivative, match=r"what pytensor returns at a kink of relu6 was not measured$"
    ):
        ACTIVATIONS["relu6"].derivatives_at_kinks("pytensor")
