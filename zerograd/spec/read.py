"""A problem file to a `Problem`, or all of its mistakes at once, in file order."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path as Folder
from typing import Any, NoReturn

from zerograd.core.errors import Issue, Path, ProblemError
from zerograd.core.model.references import entry, parse_reference
from zerograd.core.question.documents import KEYS, network_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import RELATIONS
from zerograd.spec import json_text
from zerograd.spec.errors import START, Diagnostic, Fault, MalformedError, SpecError
from zerograd.spec.files.beside import FROM, Say, file_names, read_given, taken_out
from zerograd.spec.nodes import Document, Node, compose, locate
from zerograd.spec.plain import is_plain
from zerograd.spec.scalars import as_written
from zerograd.spec.source import MAX_BYTES, checked, decode, read_file, read_stream

STDIN = "<stdin>"

MAX_TOLD = 100
"""Mistakes of a long JSON file that are listed."""

_NAMED = {"given", "bounds"}


class NoProblem(SpecError):  # noqa: N818 - named for what happened
    """Something else stands where a problem is due. Carries what was read, for those who take either."""

    def __init__(
        self, diagnostics: Iterable[Diagnostic], document: Document, name: str, folder: Folder | None
    ) -> None:
        self.document, self.name, self.folder = document, name, folder
        super().__init__(diagnostics)


class IsSweep(NoProblem):
    """A sweep."""


class IsAudit(NoProblem):
    """A problem with claims."""


_ELSE = (
    (IsSweep, {"sweep", "problem"}, "this is a sweep, and no single problem: zerograd sweep answers it"),
    (IsAudit, {"claims"}, "claims about an example are judged by zerograd audit"),
)
"""What else a file may be: what it is, keys that say so, and what to do."""


def load(path: str | os.PathLike[str], say: Say = lambda _: None) -> Problem:
    """The problem in a file (YAML; JSON is YAML too).

    Args:
        say: told in a line which tensors of a file beside it became what, where their names do not say it.

    Raises:
        SpecError: with every mistake found, each with its line and column.
    """
    name = os.fsdecode(path)
    try:
        data = read_file(path)
    except MalformedError as error:
        _fail(name, error)
    return loads(data, name, Folder(name).parent, say)


def load_stdin() -> Problem:
    """The problem on the standard input. Raises SpecError as `load`."""
    return loads(read_stdin())


def read_stdin() -> bytes:
    """What stands on the standard input, as much as is read of a file. Raises SpecError."""
    if sys.stdin is None:  # closed by whoever started the program
        _fail(STDIN, MalformedError(None, "is closed: name a file"))
    try:
        return read_stream(sys.stdin.buffer)
    except MalformedError as error:
        _fail(STDIN, error)


def loads(
    text: str | bytes, name: str = STDIN, folder: Folder | None = None, say: Say = lambda _: None
) -> Problem:
    """The problem in a text.

    Args:
        text: YAML or JSON; bytes are UTF-8.
        name: stands for the file in messages.
        folder: where files of numbers lie; None if there is no such place.
        say: as `load`.

    Raises:
        SpecError: with every mistake found, each with its line and column.
    """
    try:
        text = decode(text) if isinstance(text, bytes) else text
        if json_text.is_json_like(text):
            problem = _json(text, name, folder, say)
            if problem is not None:
                return problem
        document = compose(text)
    except MalformedError as error:
        _fail(name, error)
    return of_document(document, name, folder, say)


def of_document(
    document: Document, name: str, folder: Folder | None = None, say: Say = lambda _: None
) -> Problem:
    """The problem in a tree. Arguments and errors are those of `loads`."""
    root = document.root
    if not isinstance(root.value, Mapping):
        from zerograd.spec.wording import show

        form = Issue((), f"expected keys such as network: [1, 1, 1], found {show(root.plain())}")
        raise SpecError(_in_order(name, document, [Fault(form)], ()))
    for kind, keys, told in _ELSE:
        if keys <= root.value.keys():
            issue = Issue((min(keys & {"sweep", "claims"}),), told)
            raise kind(_in_order(name, document, [Fault(issue, on_key=True)], ()), document, name, folder)
    plain = root.plain()
    if not document.issues and is_plain(plain):
        with suppress(ProblemError):  # told below, where all mistakes are
            if (sound := _build(plain, [])) is not None:
                return sound
    from zerograd.spec.faults import faults  # pydantic: not before it is needed

    data, files = taken_out(plain)
    replaced = _Shadow(document.replaced)
    wrong = [fault for fault in faults(data) if not replaced.touches(fault.issue.path)]
    exact = as_written(data)
    exact, more = _with_files(exact, files, [fault.issue.path for fault in wrong], folder, say)
    wrong += map(Fault, more)
    try:
        problem = _build(exact, [*(fault.issue.path for fault in wrong), *document.replaced])
    except ProblemError as error:
        issues = error.issues
    else:
        if problem is not None and not document.issues:
            return problem
        issues = ()
    raise SpecError(_in_order(name, document, wrong, issues))


def _json(text: str, name: str, folder: Folder | None, say: Say) -> Problem | None:
    """The problem in a text that is JSON. None for a short one with mistakes: YAML says more about these.

    Raises:
        MalformedError, SpecError: a long one has mistakes.
    """
    short = len(text) <= MAX_BYTES
    try:
        checked(text)
        data, files = taken_out(json_text.read(text.removeprefix("\ufeff")))
    except MalformedError:
        if short:
            return None
        raise
    from zerograd.spec.faults import faults

    # Lists of numbers are left to the core: it finds the same mistakes, without a model for each number.
    given = data.get("given")
    light = (
        {**data, "given": {k: v for k, v in given.items() if not isinstance(v, list)}}
        if isinstance(given, dict)
        else data
    )
    wrong = faults(light)
    if short and wrong:
        return None
    exact, more = _with_files(as_written(data), files, [fault.issue.path for fault in wrong], folder, say)
    wrong += map(Fault, more)
    issues: Sequence[Issue] = ()
    try:
        problem = _build(exact, [fault.issue.path for fault in wrong])
    except ProblemError as error:
        problem, issues = None, error.issues
    if problem is not None or short:
        return problem
    placed = [(fault.issue, fault.on_key) for fault in wrong if not fault.implied]
    placed += [(issue, len(issue.path) == 2 and issue.path[0] in _NAMED) for issue in issues]
    lines = [
        Diagnostic(name, json_text.locate(text, issue.path, on_key=on_key), issue.path, issue.message)
        for issue, on_key in placed[:MAX_TOLD]
    ]
    raise SpecError(sorted(lines, key=lambda line: line.position or START))


def _with_files(
    data: dict[str, Any], files: Any, wrong: Sequence[Path], folder: Folder | None, say: Say
) -> tuple[dict[str, Any], list[Issue]]:
    """The data with the values of files beside the problem file, and what is wrong with these."""
    if files is None:
        return data, []
    names, issues = file_names(files)
    if issues:
        return data, issues
    if folder is None:
        message = "a problem that is no file has no folder in which other files could lie: write it into one"
        return data, [Issue(("given", FROM), message)]
    if any(path[:1] in ((), ("network",), ("samples",), ("given",)) for path in wrong):
        return data, []
    try:
        network = network_from_json(data["network"])
    except ProblemError:  # told by `_build`
        return data, []
    samples = data["samples"] if isinstance(data["samples"], int) else None
    classes, given = data.get("targets") == "class", data["given"]
    arrays, issues = read_given(network, samples, names, folder, beside=given, say=say, classes=classes)
    return {**data, "given": {**data["given"], **arrays}}, issues


def _fail(name: str, error: MalformedError) -> NoReturn:
    raise SpecError([Diagnostic(name, error.position, (), error.message)]) from None


def _build(data: Mapping[str, Any], wrong: Sequence[Path]) -> Problem | None:
    """The problem; or, where the form is wrong, the issues of what remains.

    Args:
        data: exact plain data.
        wrong: paths that are known to be wrong.

    Returns:
        None where something is wrong already, and nothing else was found.

    Raises:
        ProblemError: with issues that do not follow from what is wrong already.
    """
    if any(path[:1] in ((), ("network",)) for path in wrong):
        return None
    network = network_from_json(data["network"])
    rest = {key: value for key, value in data.items() if key in KEYS and (key,) not in wrong}
    rest = {key: value for key, value in rest.items() if key not in ("version", "network")}
    if not wrong:
        return Problem(network=network, **rest)
    for key in _NAMED & rest.keys():
        bad = {path[1] for path in wrong if path[0] == key}
        rest[key] = {name: value for name, value in rest[key].items() if name not in bad}
    counted = not any(path[0] == "samples" for path in wrong)
    if not counted:
        rest["samples"] = "any"
    # An unknown loss: what can only be judged as a whole (division) waits until the form is right.
    rest["loss"] = ""
    try:
        Problem(network=network, **rest)
    except ProblemError as error:
        shadow = _Shadow([*wrong, ("loss",)])
        sound = (issue for issue in error.issues if not shadow.touches(issue.path))
        raise ProblemError(issue for issue in sound if counted or issue.path[0] in RELATIONS) from None
    return None


class _Shadow:
    """Paths that are wrong: what lies on the way to one of them, or beyond it, is not judged."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = set(paths)
        self.around = {path[:length] for path in self.paths for length in range(len(path))}

    def touches(self, path: Path) -> bool:
        return path in self.around or any(path[:length] in self.paths for length in range(len(path) + 1))


def _in_order(
    name: str, document: Document, wrong: Iterable[Fault], issues: Iterable[Issue]
) -> list[Diagnostic]:
    root = document.root
    placed = list(document.issues)
    told = (fault for fault in wrong if not fault.implied)
    placed += [(locate(root, fault.issue.path, on_key=fault.on_key), fault.issue) for fault in told]
    for issue in issues:
        path = _as_written(root, issue.path)
        on_name = len(path) == 2 and path[0] in _NAMED
        placed.append((locate(root, path, on_key=on_name), Issue(path, issue.message)))
    placed.sort(key=lambda item: item[0])
    return [
        Diagnostic(name, position, _unlisted(root, issue.path), issue.message)
        for position, issue in dict.fromkeys(placed)
    ]


def _as_written(root: Node, path: Path) -> Path:
    """The core gives entries their full name; the file may name the array, or leave out short axes."""
    if path[:2] == ("given", "y") and len(path) > 2 and "y" not in _children(root, "given"):
        path = ("given", entry("y", tuple(part for part in path[2:] if isinstance(part, int))))
    if len(path) != 2 or path[0] not in _NAMED:
        return path
    keys = _children(root, path[0])
    name, index = _parsed(str(path[1]))
    if path[1] in keys or name is None:
        return path
    same = [key for key in keys if _parsed(key)[0] == name]
    exact = [key for key in same if _parsed(key)[1] == index]
    return next(((path[0], key) for key in exact or same), path)


def _parsed(text: str) -> tuple[str | None, list[int] | None]:
    """The name and the index, zeros left out (so are axes of length 1): enough to tell entries apart."""
    try:
        reference = parse_reference(text)
    except ValueError:
        return None, None
    return reference.name, None if reference.index is None else [i for i in reference.index if i]


def _unlisted(root: Node, path: Path) -> Path:
    """Without the position in a list where the file has a lone text instead of a list."""
    lone = len(path) == 2 and path[1] == 0 and not _children(root, path[0])
    return path[:1] if lone else path


def _children(root: Node, key: str | int) -> Collection[Any]:
    """The keys or items under a key of the file."""
    entry = root.value.get(str(key)) if isinstance(root.value, Mapping) else None
    value = entry.node.value if entry is not None else None
    return value if isinstance(value, Mapping | tuple) else ()
