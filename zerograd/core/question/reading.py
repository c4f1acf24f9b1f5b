"""Numbers of samples, words and names, as a person wrote them; every issue is collected on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from zerograd.core.errors import Issue, Path, short
from zerograd.core.model.activations import ACTIVATION_NAMES
from zerograd.core.model.kinks import KINKS, Kink, NoConvention, UnknownDerivative, kink_from, layers_of
from zerograd.core.model.losses import Loss
from zerograd.core.model.network import Network
from zerograd.core.model.references import Reference, module_hint, parse_reference, resolve
from zerograd.core.model.slopes import is_chosen
from zerograd.core.model.targets import Targets
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.arrays import Index, Shape
from zerograd.core.numbers.work import spend
from zerograd.core.question.vocabulary import MAX_SAMPLES, MAX_VALUES, Samples, quantity_shapes

C = TypeVar("C", bound=str)


@dataclass(slots=True)
class Reader:
    """Reads numbers of samples and names; what is wrong goes to ``issues``."""

    network: Network
    issues: list[Issue] = field(default_factory=list)
    needed: int = 1
    """The fewest samples for which every name with an index exists."""
    targets: Targets = "real"
    """What y may be."""
    open_samples: bool = False
    """Whether the number of samples is not one fixed number."""

    def report(self, path: Path, message: str) -> None:
        self.issues.append(Issue(path, message))

    def choice(self, key: str, value: object, allowed: Sequence[C]) -> C:
        for known in allowed:
            if value == known:
                return known
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        self.report((key,), f"expected one of {', '.join(allowed)}, found {short(value)}{hint}")
        return allowed[0]

    def flag(self, key: str, value: object) -> bool:
        """Whether it is true, where it is true or false."""
        if not isinstance(value, bool):
            self.report((key,), f"expected true or false, found {short(value)}")
        return value is True

    def kink(self, key: str, value: object) -> Kink:
        """The convention for kinks, of which every activation here must know what it says."""
        try:
            convention = kink_from(value, ACTIVATION_NAMES)
            self._layers_with_kinks(convention)
            for layer in self.network.under(convention).layers if not is_chosen(convention) else ():
                layer.activation.derivatives_at_kinks(convention)
        except NoConvention as error:
            self._no_convention(key, error)
        except UnknownDerivative as error:
            self._unmeasured(key, error)
        else:
            return convention
        return KINKS[0]

    def _layers_with_kinks(self, convention: Kink) -> None:
        """Raise NoConvention for layers that are not there, or have no kinks."""
        faults: list[tuple[str | None, str]] = []
        for number in layers_of(convention):
            if number > self.network.depth:
                faults.append((f"z{number}", f"the network has {self.network.depth} layers, counted from 1"))
            elif not (activation := self.network.layers[number - 1].activation).has_kinks:
                faults.append((f"z{number}", f"layer {number} has no kinks: its activation is {activation}"))
        if faults:
            raise NoConvention(*faults)

    def kink_of_loss(self, key: str, convention: Kink, loss: Loss) -> None:
        """Report that a convention does not say which derivative the loss has at its kinks."""
        if is_chosen(convention):
            if not loss.chosen_by_output:
                self.report((key,), f"{convention} is not for kinks of a loss that is given by a formula")
            return
        try:
            loss.reach("real", convention)
        except NoConvention as error:
            self._no_convention(key, error)
        except UnknownDerivative as error:
            self._unmeasured(key, error)

    def _no_convention(self, key: str, error: NoConvention) -> None:
        for name, message in error.faults:
            self.report((key,) if name is None else (key, name), message)

    def _unmeasured(self, key: str, error: UnknownDerivative) -> None:
        self.report((key,), f"{error}: say what it is, as in {{{error.name}: 0, default: {error.library}}}")

    def text(self, key: str, value: object, *place: int) -> None:
        if not isinstance(value, str) and (value is not None or place):
            self.report((key, *place), f"expected text, found {short(value)}")

    # --- samples -----------------------------------------------------------------------

    def samples(self, value: object) -> Samples:
        match value:
            case Samples(most=None):
                return value
            case Samples(most=int(most), every=False):
                return self._range(value.least, most, ("samples",))
            case "fewest" | "any":
                return Samples(1, None, every=value == "any")
            case bool():
                pass
            case int():
                return self._range(value, value, ("samples",))
            case Mapping() if set(value) == {"from", "to"} and all(type(v) is int for v in value.values()):
                return self._range(value["from"], value["to"], ("samples",))
        self.report(
            ("samples",), f"expected a whole number, fewest, any, or {{from: 2, to: 6}}, found {short(value)}"
        )
        return Samples(1, 1)

    def _range(self, least: int, most: int, path: Path) -> Samples:
        for number in dict.fromkeys((least, most)):
            if not 1 <= number <= MAX_SAMPLES:
                self.report(path, f"expected from 1 to {MAX_SAMPLES} samples, found {short(number)}")
        if least > most:
            self.report(path, f"the range from {short(least)} to {short(most)} is empty")
        least = min(max(least, 1), MAX_SAMPLES)
        return Samples(least, min(max(most, least), MAX_SAMPLES))

    def manageable(self, samples: int) -> bool:
        """Whether a forward pass over so many samples is small enough to look at."""
        values = samples * sum(self.network.widths)
        if values > MAX_VALUES:
            self.report(
                ("samples",),
                f"{samples} samples of a network this wide have {values} values, at most {MAX_VALUES} are "
                "read: ask for fewer samples",
            )
        return values <= MAX_VALUES

    def settle_samples(self, samples: Samples) -> Samples:
        """Raise an open range to the samples that the problem names; refuse one that lacks them."""
        if samples.most is None and samples.least not in (1, self.needed):
            self.report(
                ("samples",),
                f"an open range starts at the fewest samples that the problem names, {self.needed}, "
                f"found {short(samples.least)}",
            )
        if self.needed <= samples.least:
            return samples
        if samples.most is None:
            return Samples(self.needed, None, samples.every)
        self.report(
            ("samples",),
            f"the problem names sample {self.needed - 1} (counted from 0), so there must be at least "
            f"{self.needed} samples: write from: {self.needed}",
        )
        return Samples(self.needed, max(self.needed, samples.most))

    # --- names -------------------------------------------------------------------------

    def reference(self, value: object, path: Path) -> Reference | None:
        spend(6)
        if isinstance(value, Reference):
            return value
        if not isinstance(value, str):
            self.report(path, f"expected a name such as w1 or w1[0,1], found {short(value)}")
            return None
        try:
            return parse_reference(value)
        except ValueError as error:
            self.report(path, str(error))
            return None

    def resolved(
        self, reference: Reference, shapes: Mapping[str, Shape], path: Path, what: str
    ) -> list[Index] | None:
        """The named entries, or None with an issue. ``shapes`` has the least number of samples."""
        name = reference.name
        if name not in shapes:
            self.report(path, f"{self._unknown(name, shapes, what)}{self._condition(reference, path)}")
            return None
        shape = shapes[name]
        if name in ("x", "y") and reference.index is not None:
            self.need(reference.index, shape[1])
            # Where the number of samples is open, their axis is no axis of length 1, to be left out.
            shape = (max(shape[0], self.needed, 2 if self.open_samples else 1), shape[1])
        try:
            return resolve(reference, shape)
        except ValueError as error:
            self.report(path, str(error))
            return None

    def _unknown(self, name: str, shapes: Mapping[str, Shape], what: str) -> str:
        kind, number = name[:1], name[1:]
        if kind == "b" and number.isdigit() and 1 <= int(number) <= self.network.depth:
            return f"layer {number} has no bias, so {name} does not exist"
        if kind in "wb" and number.isdigit():
            return f"there is no {name}: the network has {self.network.depth} layers, counted from 1"
        hint = module_hint(name) or did_you_mean(name, shapes)
        return f"{short(name)} is not {what} ({', '.join(shapes)}){hint}"

    def _condition(self, reference: Reference, path: Path) -> str:
        """How to bound what has no bounds of its own, because the network makes it."""
        if path[0] != "bounds" or reference.name not in quantity_shapes(self.network, 1):
            return ""
        bounded = str(reference) if reference.name == "loss" else f"abs({reference})"
        return f": bound it by a condition, where: ['{bounded} <= …']"

    def need(self, index: Index, width: int) -> None:
        if self.open_samples and (len(index) == 2 or (len(index) == 1 and width == 1)):
            self.needed = max(self.needed, min(index[0] + 1, MAX_SAMPLES))
