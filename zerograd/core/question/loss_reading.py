"""Losses from what files have: a name, a name with its numbers, or a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from zerograd.core.errors import Issue, Path, ProblemError, short
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.exact import narrow
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.rationals import parse_rational
from zerograd.core.question.language import LanguageError
from zerograd.core.question.loss_formulas import SAMPLE_FUNCTIONS, OfMean, PerSample, of_mean, per_sample
from zerograd.core.question.parsing import parse

FORMULAS = ("per_sample", "of_mean")
LOSS_NAMES = (*LOSSES, *FORMULAS)
FACTOR = "factor"


def loss_from_json(data: object, outputs: int | None) -> Loss:
    """Return the loss that ``data`` names, for a network with so many outputs (None: not known).

    Args:
        data: a name; ``{name: number}`` or ``{name: {…}}``; ``{"per_sample": text}``, ``{"of_mean": text}``;
            or a loss.

    Raises:
        ProblemError: with an issue below the path ``loss``.
    """
    if isinstance(data, str):
        return _named(data)
    if isinstance(data, Loss):
        return data
    if not isinstance(data, Mapping) or len(data) != 1:
        raise _wrong((), f"expected a loss such as mse or {{huber: 1/2}}, found {short(data)}")
    ((name, value),) = data.items()
    if name in FORMULAS:
        return _formula(name, value, outputs)
    loss = _named(name)
    if not isinstance(value, Mapping):
        key = loss.parameter_name or FACTOR
        return _with(loss, {key: _positive(value, (name,))})
    known = [key for key in (loss.parameter_name, FACTOR) if key is not None]
    numbers: dict[str, Rational] = {}
    issues: list[Issue] = []
    for key, number in value.items():
        place = (str(name), str(key))
        if key not in known:
            hint = did_you_mean(str(key), known)
            message = f"unknown key (known of {name}: {', '.join(known)}){hint}"
            issues.append(Issue(("loss", *place), message))
            continue
        try:
            numbers[key] = _positive(number, place)
        except ProblemError as error:
            issues += error.issues
    if issues:
        raise ProblemError(issues)
    return _with(loss, numbers)


_ELSEWHERE: Mapping[str, str] = {
    "l2": "mse",
    "squared_error": "mse",
    "mean_squared_error": "mse",
    "l1": "mae",
    "mean_absolute_error": "mae",
    "sum_of_squares": "sse",
    "binary_cross_entropy": "bce",
    "binary_cross_entropy_with_logits": "bce_with_logits",
    "log_loss": "bce",
    "softmax_cross_entropy": "cross_entropy",
}
"""What other libraries call losses: without ``loss`` at the end, in lower case."""
_NOT_HERE = frozenset(
    {
        "rmse", "msle", "rmsle", "mape", "smape", "mbe", "mase", "nll", "kl_div", "kld", "ctc",
        "gaussian_nll", "poisson_nll", "soft_margin", "multi_margin", "focal", "dice", "squared_hinge",
        "quantile", "pinball",
    }
)  # fmt: skip
"""Losses that are none of these: one that sounds alike would make it another question."""


def loss_hint(name: str) -> str:
    """Return which loss somebody may have meant: `` (did you mean 'mse'?)``, or nothing."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    plain = plain.removesuffix("loss").removesuffix("_")
    if plain in LOSS_NAMES:
        return f" (here it is called {plain!r})"
    if plain in _ELSEWHERE:
        return f" (here it is called {_ELSEWHERE[plain]!r})"
    return "" if plain in _NOT_HERE else did_you_mean(plain, LOSS_NAMES)


def _named(name: object) -> Loss:
    """Return a loss by name; `LOSSES` is looked at anew, since tests put others into it."""
    if isinstance(name, str) and name in LOSSES:
        return LOSSES[name]
    if name in FORMULAS:
        example = {"per_sample": "(y_hat - y)**4", "of_mean": "1 / mse"}[str(name)]
        raise _wrong((), f'{name} takes a formula, such as {{{name}: "{example}"}}')
    hint = loss_hint(name) if isinstance(name, str) else ""
    raise _wrong((), f"expected one of {', '.join(LOSS_NAMES)}, found {short(name)}{hint}")


def _formula(name: str, text: object, outputs: int | None) -> PerSample | OfMean:
    if not isinstance(text, str):
        raise _wrong((name,), f"expected a formula in quotes, found {short(text)}")
    try:
        if name == "per_sample":
            return per_sample(parse(text, SAMPLE_FUNCTIONS), outputs)
        return of_mean(parse(text, ()))
    except LanguageError as error:
        raise _wrong((name,), str(error)) from None


def _positive(value: object, path: Path) -> Rational:
    """Return a number above 0, exactly."""
    if isinstance(value, bool):
        raise _wrong(path, f"expected a number above 0, found {short(value)}")
    if isinstance(value, float):
        raise _wrong(path, f"{value!r} is a float; write it exactly, as '{value!r}' or Fraction(p, q)")
    if isinstance(value, Fraction):
        number: Any = narrow(value)
    elif isinstance(value, int | str):
        try:
            number = parse_rational(value)
        except ValueError as error:
            raise _wrong(path, str(error)) from None
    else:
        raise _wrong(path, f"expected a number, found {short(value)}")
    if number <= 0:
        raise _wrong(path, f"expected a number above 0, found {short(value)}")
    return number  # type: ignore[no-any-return]


def _with(loss: Loss, numbers: Mapping[str, Rational]) -> Loss:
    """Return the loss with its parameter and its factor."""
    keys = {loss.parameter_name: "width", FACTOR: "scale"}
    changes: dict[str, Any] = {keys[key]: value for key, value in numbers.items()}
    return replace(loss, **changes)


def _wrong(path: Path, message: str) -> ProblemError:
    return ProblemError([Issue(("loss", *path), message)])
