"""Messages as lines of JSON.

A message is a frozen dataclass. Its fields hold numbers, texts, tuples, mappings, and what else is listed in
the `Wire` of the conversation: only listed classes are ever made of what the other end sends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar, get_args

from zerograd.core.errors import ZerogradError

Request = TypeVar("Request")
Reply = TypeVar("Reply")

_KIND = "is"


class ServiceFailed(ZerogradError):  # noqa: N818 - named for what happened
    """A service broke down; the message is its own account. A bug, and never an answer."""


@dataclass(frozen=True, slots=True)
class Note:
    """A short line for whoever waits: what the service has turned to."""

    line: str


class Leaf(NamedTuple):
    """The JSON form of a class that has one of its own.

    Attributes:
        write: makes it.
        read: makes an object of it, given what the conversation is about.
    """

    write: Callable[[Any], Any]
    read: Callable[[Any, Any], Any]


class Wire(Generic[Request, Reply]):
    """What may be said in a conversation.

    Args:
        kinds: dataclasses, and unions of them: requests, replies, and what these carry.
        leaves: classes that are no such dataclasses, each with its JSON form.
        errors: what may be raised at the parent's end, made of a text.
    """

    def __init__(
        self,
        *kinds: Any,
        leaves: Mapping[type, Leaf] | None = None,
        errors: tuple[type[ZerogradError], ...] = (),
    ) -> None:
        self.errors: tuple[type[ZerogradError], ...] = (ServiceFailed, *errors)
        forms: dict[type, Leaf] = {error: Leaf(str, partial(_raised, error)) for error in self.errors}
        forms |= leaves or {}
        classes = [Note, *(cls for kind in kinds for cls in get_args(kind) or (kind,))]
        self._write = {cls: leaf.write for cls, leaf in forms.items()}
        self._read = {cls.__name__: leaf.read for cls, leaf in forms.items()}
        self._fields = {cls: [field.name for field in fields(cls)] for cls in classes}
        self._classes = {cls.__name__: cls for cls in classes}

    def write(self, message: object) -> bytes:
        """Return the line of a message."""
        return json.dumps(message, default=self._plain).encode() + b"\n"

    def read(self, line: bytes, about: Any = None) -> Any:
        """Return the message of a line.

        Args:
            about: passed on to leaves, such as the problem that a witness belongs to.

        Raises:
            ValueError: it is no message.
        """
        message = json.loads(line, object_hook=partial(self._made, about))
        if type(message) not in self._fields and not isinstance(message, self.errors):
            raise ValueError(f"no message: {line[:100]!r}")
        return message

    def _plain(self, value: object) -> dict[str, Any]:
        """Return what stands for an object in JSON."""
        kind = type(value)
        if kind in self._fields:
            return {_KIND: kind.__name__} | {name: getattr(value, name) for name in self._fields[kind]}
        if kind in self._write:
            return {_KIND: kind.__name__, "value": self._write[kind](value)}
        if isinstance(value, Mapping):
            return dict(value)
        raise TypeError(f"{kind.__name__} is not listed")

    def _made(self, about: Any, data: dict[str, Any]) -> Any:
        """Return the object that a JSON object stands for: the innermost are made first."""
        kind = data.pop(_KIND, None)
        if kind is None:
            return data
        if kind in self._read:
            return self._read[kind](data["value"], about)
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        return self._classes[kind](**values)


def _raised(error: type[ZerogradError], text: str, _about: object) -> ZerogradError:
    return error(text)
