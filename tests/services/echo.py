"""A service for tests: what a page of code comes to."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from zerograd.core.errors import FormatError
from zerograd.services.service import Service
from zerograd.services.serving import Send, serve
from zerograd.services.wire import Leaf, Note, Wire


@dataclass(frozen=True, slots=True)
class Say:
    """Send these words one by one, and then how many they were, with what came beside them."""

    words: tuple[str, ...]
    numbers: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Do:
    """Do something bad: ``sleep``, ``die``, ``memory``, ``bug`` or ``refuse``."""

    what: str


@dataclass(frozen=True, slots=True)
class Word:
    """One of them."""

    text: str


@dataclass(frozen=True, slots=True)
class Counted:
    """The last reply, with a word inside it."""

    count: int
    last: Word | None
    numbers: Mapping[str, Fraction]


Request: TypeAlias = Say | Do
Reply: TypeAlias = Word | Counted

WIRE: Wire[Request, Reply] = Wire(
    Request,
    Reply,
    leaves={Fraction: Leaf(str, lambda text, factor: Fraction(text) * (factor or 1))},
    errors=(FormatError,),
)


class Echo(Service[Request, Reply]):
    """The parent's end."""

    def __init__(self, memory: int = 2**30) -> None:
        super().__init__("tests.services.echo", WIRE, memory)


def prepare(send: Send[Reply]) -> Callable[[Request], None]:
    """Nothing to prepare."""

    def answer(request: Request) -> None:
        match request:
            case Say(words=words, numbers=numbers):
                for word in words:
                    send(Note(f"saying {word}"))
                    send(Word(word))
                send(Counted(len(words), Word(words[-1]) if words else None, numbers))
            case Do(what="sleep"):
                time.sleep(60)
            case Do(what="die"):
                os._exit(3)
            case Do(what="memory"):
                bytearray(2**40)
            case Do(what="refuse"):
                raise FormatError("not in this form")
            case Do():
                raise KeyError("a bug")

    return answer


if __name__ == "__main__":
    serve(WIRE, int(sys.argv[1]), prepare)
