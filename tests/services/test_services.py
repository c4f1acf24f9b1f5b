"""Conversations with a process: messages, limits, errors and restarts, by a service of a page."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from fractions import Fraction

import pytest

from tests.services.echo import WIRE, Counted, Do, Echo, Say, Word
from zerograd.core.errors import FormatError
from zerograd.services.service import Busy, Stopped
from zerograd.services.wire import Note, ServiceFailed, Wire

HALVES = {"a": Fraction(1, 2), "b": Fraction(3, 2)}


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    """One service for all tests: whatever becomes of it, the next request is answered."""
    with Echo() as service:
        yield service


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def works(echo: Echo) -> bool:
    return echo.ask(Say(("yes",), {}), Counted, deadline=soon()).count == 1


def test_a_conversation(echo: Echo) -> None:
    """Progress, replies on the way, and the answer, as they were sent."""
    lines: list[str] = []
    replies: list[object] = []
    request = Say(("one", "two"), HALVES)
    answer = echo.ask(request, Counted, deadline=soon(), progress=lines.append, take=replies.append)
    assert answer == Counted(2, Word("two"), HALVES)
    assert replies == [Word("one"), Word("two")]
    assert lines == ["saying one", "saying two"]


def test_a_killed_process_is_replaced_at_once(echo: Echo) -> None:
    """Also while it has not noticed yet: the next request is for a fresh one."""
    for _ in range(20):
        assert works(echo)
        echo.kill()
        assert works(echo)


def test_replies_are_about_something(echo: Echo) -> None:
    """What leaves are read with."""
    answer = echo.ask(Say((), HALVES), Counted, deadline=soon(), about=2)
    assert answer == Counted(0, None, {"a": Fraction(1), "b": Fraction(3)})


def test_time_and_memory_hold(echo: Echo) -> None:
    """A request that overruns is stopped, and the next one starts a fresh process."""
    began = time.monotonic()
    with pytest.raises(Stopped, match="timeout"):
        echo.ask(Do("sleep"), Counted, deadline=soon(1.0))
    assert time.monotonic() - began < 10
    assert works(echo)
    with pytest.raises(Stopped, match="memory: the process ended with code 101"):
        echo.ask(Do("memory"), Counted, deadline=soon())
    assert works(echo)


def test_errors_are_raised_at_the_other_end(echo: Echo) -> None:
    """Those that the wire lists as they are; others, and crashes, as bugs."""
    with pytest.raises(FormatError, match="not in this form"):
        echo.ask(Do("refuse"), Counted, deadline=soon())
    with pytest.raises(ServiceFailed, match=r"(?s)Traceback.*KeyError: 'a bug'"):
        echo.ask(Do("bug"), Counted, deadline=soon())
    with pytest.raises(ServiceFailed, match="the process ended with code 3"):
        echo.ask(Do("die"), Counted, deadline=soon())
    assert works(echo)


def test_whatever_interrupts_ends_the_process(echo: Echo) -> None:
    """An answer that nobody took must never be taken for another's."""

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        echo.ask(Say(("one",), {}), Counted, deadline=soon(), progress=interrupt)
    assert works(echo)


def test_one_conversation_at_a_time(echo: Echo) -> None:
    """Who waits for it in vain has asked nothing; who waits under a kill is told."""
    assert works(echo)
    stopped: list[Stopped] = []

    def ask() -> None:
        try:
            echo.ask(Do("sleep"), Counted, deadline=soon(), meanwhile=asked.set)
        except Stopped as error:
            stopped.append(error)

    asked = threading.Event()
    thread = threading.Thread(target=ask)
    thread.start()
    assert asked.wait(30)
    with pytest.raises(Busy):
        echo.ask(Say((), {}), Counted, deadline=soon(0.1))
    echo.kill()
    thread.join(30)
    assert [error.reason for error in stopped] == ["memory"]  # as if the system had killed it
    assert works(echo)


def test_only_what_is_listed_is_made() -> None:
    """Other messages are refused, whether they are read or written."""
    assert WIRE.read(WIRE.write(Note("…\n"))) == Note("…\n")
    for line in ('{"is": "Path", "value": "x"}', '{"no": "message"}', "7", "[]", "not JSON", '{"is": []}'):
        with pytest.raises((ValueError, KeyError, TypeError)):
            WIRE.read(line.encode())
    narrow: Wire[Say, Word] = Wire(Say, Word)
    with pytest.raises(TypeError, match="Counted is not listed"):
        narrow.write(Counted(0, None, {}))
    assert json.loads(WIRE.write(Word("a"))) == {"is": "Word", "text": "a"}


def test_many_requests_before_any_reply_is_read() -> None:
    """Neither end waits for the other to read, however much both have written."""
    request, words = Say(("word" * 200,) * 20, {}), 2 * 20
    with Echo() as service:
        service.start()

        def send() -> None:
            for _ in range(100):
                service.send(request)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        sender.join(30)
        assert not sender.is_alive()
        replies = [service.receive(soon()) for _ in range(100 * (words + 1))]
    assert sum(isinstance(reply, Counted) for reply in replies) == 100
