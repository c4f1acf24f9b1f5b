"""What must be said beside the causes: where a file's parameters are not those of the module that it was
exported from, and what ONNX leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from zerograd.document.layout import listed
from zerograd.explaining.models.errors import shape_text
from zerograd.explaining.models.graph import ModelGraph, Operation
from zerograd.explaining.models.operators import Kink, find

_MOST = 4
"""Things of one kind that a sentence names."""
_UNNAMED = re.compile(r"val_\d+|onnx::\w+|_?v?\d+|\d+")
"""Names that exporters invent."""
_WITH_BIAS = ("Gemm", "Conv", "ConvTranspose")


def remarks(graph: ModelGraph, weights: Collection[str], kinks: Sequence[Kink]) -> tuple[str, ...]:
    """Return sentences; none where the file shows nothing of the kind.

    Args:
        weights: names of the parameters.
        kinks: values that lay on kinks.
    """
    by_torch = graph.producer.startswith("pytorch")
    sentences = [
        *_shared(graph, weights),
        *_folded(graph, weights, by_torch),
        *_unnamed(graph, weights),
        *(_without_bias(graph, weights) if by_torch else ()),
        *_as_in_evaluation(graph),
        *_rounded(graph),
        *_on_kinks(kinks),
    ]
    return tuple(sentences)


def _some(texts: Sequence[str]) -> str:
    """Return a list of texts, cut where it is long."""
    more = len(texts) - _MOST
    return listed([*texts[:_MOST], *([f"{more} more"] if more > 0 else [])])


def _readers(graph: ModelGraph, name: str) -> list[Operation]:
    """Return the operations that read a tensor, also those that read what passes it on."""
    readers: list[Operation] = []
    for operation in graph.operations:
        operator = find(operation.kind)
        settings = operator.constants if operator is not None else ()
        if name in [each for i, each in enumerate(operation.inputs) if i not in settings]:
            passed = operation.kind == "Identity"
            readers += _readers(graph, operation.outputs[0]) if passed else [operation]
    return readers


def _shared(graph: ModelGraph, weights: Collection[str]) -> Iterator[str]:
    apart = [f"{name} (stored as {other})" for name, other in graph.merged.items() if name in weights]
    if apart:
        yield (
            f"{_some(apart)} {_is(apart)} not in the file by {'its' if len(apart) == 1 else 'their'} own: "
            "the exporter "
            "merges tensors with equal numbers. Here they are parameters apart, as their names are."
        )
    for name in weights:
        readers = _readers(graph, name)
        if len(readers) < 2:
            continue
        given = {
            argument
            for each in readers
            if each.origin is not None
            for argument in each.origin.arguments
            if argument.startswith("p_")
        }
        known = all(each.origin is not None and each.origin.arguments for each in readers)
        tied = known and any(
            all(each.origin is not None and argument in each.origin.arguments for each in readers)
            for argument in given
        )
        why = (
            "as they are tied in the module."
            if tied
            else "the module has parameters that were equal, and the exporter merged them; each has a "
            "part of it."
            if known
            else "the module's parameters are tied, or were equal and the exporter merged them; then "
            "each has a part."
        )
        yield (
            f"{name} is one tensor in the file, which {_some([each.where for each in readers])} read; its "
            "gradient is "
            f"the sum over these: {why}"
        )


def _is(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


def _folded(graph: ModelGraph, weights: Collection[str], by_torch: bool) -> Iterator[str]:
    noted = False
    for operation in graph.operations:
        origin = operation.origin
        rule = origin.rule if origin is not None else None
        if rule is not None and "BatchNorm" in rule:
            noted = True
            names = [name for name in operation.inputs[1:] if name in weights]
            yield (
                f"{listed(names)} are not the module's: the exporter folded a batch norm "
                f"({origin and origin.path}) "
                f"into {operation}, and kept the name. Their gradients are those of the folded numbers."
            )
    invented = [
        name
        for operation in graph.operations
        if operation.kind == "Conv"
        for name in operation.inputs[1:]
        if name in weights and name.startswith("onnx::Conv")
    ]
    if invented and by_torch and not noted:
        yield (
            f"{_some(invented)} have no names of the module: the exporter folds a batch norm into the "
            "convolution "
            "before it, and then these are not the module's parameters."
        )


def _unnamed(graph: ModelGraph, weights: Collection[str]) -> Iterator[str]:
    for name in weights:
        if not _UNNAMED.fullmatch(name) or name.startswith("onnx::Conv"):
            continue
        for operation in _readers(graph, name)[:1]:
            origin = operation.origin
            path = origin.path if origin is not None else ""
            shape = shape_text(tuple(graph.tensors[name].shape))
            if operation.kind == "MatMul":
                of = f", of {path}" if path else ""
                yield (
                    f"{name} ({shape}) is the exporter's name for a weight{of}, which {operation} reads: "
                    "it is "
                    "transposed, inputs × outputs, as for a Linear layer on inputs of three dimensions "
                    "or without a bias."
                )
            else:
                of = f" of {path}" if path else ""
                yield f"{name} ({shape}) is the exporter's name for what {operation}{of} reads."


def _without_bias(graph: ModelGraph, weights: Collection[str]) -> Iterator[str]:
    dropped, unknown = [], []
    for operation in graph.operations:
        bare = operation.kind in _WITH_BIAS and not "".join(operation.inputs[2:3])
        if not bare or operation.inputs[1] not in weights:
            continue
        origin = operation.origin
        if origin is None or not origin.arguments:
            unknown.append(operation.where)
        elif len(origin.arguments) > 2:
            dropped.append(operation.where)
    if dropped:
        yield (
            f"The module has a bias in {_some(dropped)}, all zeros when it was exported: PyTorch's "
            "exporter drops such a "
            "bias, so it is no parameter here."
        )
    if unknown:
        verb = "has" if len(unknown) == 1 else "have"
        yield (
            f"{_some(unknown)} {verb} no bias in the file. PyTorch's exporter drops a bias of zeros: the "
            "module may have "
            "one, which is no parameter here."
        )


def _as_in_evaluation(graph: ModelGraph) -> Iterator[str]:
    dropouts = [operation.where for operation in graph.operations if operation.kind == "Dropout"]
    if dropouts:
        yield f"{_some(dropouts)} passes everything on, as in evaluation; training drops some."
    norms = [operation.where for operation in graph.operations if operation.kind == "BatchNormalization"]
    if norms:
        yield (
            f"{_some(norms)} normalises by the file's running mean and variance, as in evaluation; training "
            "normalises by the batch, and has other gradients."
        )


def _rounded(graph: ModelGraph) -> Iterator[str]:
    texts = [
        f"{name} of {operation.where} is {value:.10g}, not {float(f'{value:.6g}'):g}"
        for operation in graph.operations
        for name, value in operation.attributes.items()
        if isinstance(value, float)
        and name in ("alpha", "gamma", "lambd", "bias")
        and _is_rounded(value)
        and operation.kind not in ("Selu", "HardSigmoid")
    ]
    if texts:
        yield f"Constants are as the file rounds them: {_some(texts)}."


def _is_rounded(value: float) -> bool:
    """Whether a number is a short decimal but for the last digits of single precision."""
    near = float(f"{value:.6g}")
    return value != near and abs(value - near) <= abs(value) * 2.0**-23


def _on_kinks(kinks: Sequence[Kink]) -> Iterator[str]:
    """Yield which derivatives were taken where ONNX leaves them open."""

    def key(kink: Kink) -> tuple[str, str]:
        return kink.operation.kind, kink.unlike

    for (kind, unlike), group in groupby(sorted(kinks, key=key), key):
        texts = []
        for kink in group:
            values = "one value" if kink.count == 1 else f"{kink.count} values"
            where = (
                ("ties" if kink.count == 1 else "tie")
                if kink.bound is None
                else f"lie on {kink.bound:g}"
                if kink.count > 1
                else f"lies on {kink.bound:g}"
            )
            texts.append(f"{values} of {kink.operation.where} {where}, derivative {kink.slope()}")
        also = f"; {unlike}: the file cannot say which it was" if unlike else ""
        yield (
            f"ONNX does not say which derivative {kind} has at its kinks; PyTorch's is taken: "
            f"{_some(texts)}{also}."
        )
