"""A script under watch, from its first line to the report."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from zerograd.core.errors import present
from zerograd.running.arrival import Arrival
from zerograd.running.memory import is_short
from zerograd.running.script import Script, become, execute, exit_status
from zerograd.running.streams import Output, flush
from zerograd.running.tracebacks import clean, is_ours, print_uncaught

if TYPE_CHECKING:
    from zerograd.explaining.training.watch import Watch
    from zerograd.report import Report

STEPS = 10
"""Steps that are watched where nobody says how many."""
PATIENCE = 60.0
"""Seconds after the first report during which these may happen: long steps are not watched to the tenth."""

OPEN, BUG, INTERRUPTED = 3, 70, 130
_LOOK_EVERY = 256
"""Operations between two looks at how much memory is left."""


class StepsOver(BaseException):
    """The steps that were to be watched are over; zerograd ends the script here."""


@dataclass(frozen=True)
class Plan:
    """What is watched, and what becomes of it.

    Attributes:
        steps: how many; None for `STEPS`, if they do not take too long, the script going on after them.
        go_on: whether it does so after a number of steps that was given.
        written: what the report is on standard output.
        keep: called with the report after every step and at the end.
        finish: called with it once at the end.
    """

    steps: int | None
    go_on: bool
    seconds: float
    written: Callable[[Report], str]
    keep: Callable[[Report], None]
    finish: Callable[[Report], None]


class Session:
    """One run of a script. Its methods are called by the script's own steps, and by Python when it ends."""

    def __init__(self, plan: Plan, output: Output) -> None:
        self._plan, self._output = plan, output
        self._process = os.getpid()
        self._watch: Watch | None = None
        self._thread = 0
        self._arrival = Arrival(self._arrived)
        self._exit: Callable[[int], NoReturn] = os._exit
        self._over = False  # nothing is watched any more
        self._put = False
        self._first: float | None = None
        self._operations = 0
        self._remark: str | None = None

    def run(self, script: Script, arguments: Sequence[str]) -> int:
        """Run the script to its end; return the exit status. The report follows when Python ends."""
        atexit.register(self._at_exit)  # before the script's own, so that it is called after them
        os.register_at_fork(after_in_child=self._rest)
        os._exit = self._exit_at_once
        status = 0
        try:
            main = become(script, arguments)
            self._arrival.wait()
            status, error = self._executed(script, main)
            if os.getpid() != self._process:
                return status
            self._close(error)
            report = self._report()
        except KeyboardInterrupt:  # while the script is not running, or a second one
            self._over, status = True, INTERRUPTED
            self._remark = self._remark or "Interrupted before a step was explained."
            report = self._report()
        except Exception:
            traceback.print_exc()
            self._mistaken()
            return BUG
        return status or (0 if report.decided else OPEN)

    def _mistaken(self) -> None:
        """Say that zerograd made a mistake, and watch no more."""
        self._over, self._remark = True, "A mistake of zerograd ended the watch."
        self._output.say("bug: this is zerograd's mistake, not the script's. Please report it.")

    def _executed(self, script: Script, main: Any) -> tuple[int, BaseException | None]:
        """Run the script; print what it ended with, as Python does."""
        try:
            execute(script, main)
        except SystemExit as end:
            return exit_status(end), end if end.code else None
        except StepsOver:
            return 0, None
        except BaseException as error:
            uncaught = error
        else:
            return 0, None
        bug = is_ours(uncaught)  # no longer while it is handled: hooks of the script would see that
        if not bug:
            clean(uncaught)
        print_uncaught(uncaught)
        if bug:
            self._mistaken()
            return BUG, uncaught
        return (INTERRUPTED if isinstance(uncaught, KeyboardInterrupt) else 1), uncaught

    # what happens while the script runs

    def _arrived(self) -> None:
        """Begin to watch: torch was imported."""
        from zerograd.explaining.training.watch import Watch

        self._thread = threading.get_ident()
        watch = Watch([], [], self._plan.seconds, self._stepped)
        follow = watch.recorder.saw

        def saw(*operation: Any) -> None:
            self._operations += 1
            if self._operations % _LOOK_EVERY == 0 and is_short():
                self._give_up()
            elif follow is not None:
                follow(*operation)

        watch.recorder.saw = saw
        self._watch = watch
        watch.__enter__()

    def _stepped(self) -> None:
        """Keep the report of a step, and see whether it was the last."""
        report = self._report()
        self._plan.keep(report)
        count, now = len(report.steps), time.monotonic()
        self._first = self._first or now
        if self._plan.steps is None:
            if count >= STEPS or now - self._first > PATIENCE:
                self._leave()
                self._output.say(self._goes_on(report))
        elif count >= self._plan.steps:
            self._leave()
            if self._plan.go_on:
                flush()
                self._put_report()
            else:
                self._end_script()

    def _goes_on(self, report: Report) -> str:
        count = len(report.steps)
        steps = "the first step was" if count == 1 else f"the first {count} steps were"
        return (
            f"zerograd: {report.verdict} ({steps} watched; the script goes on unwatched, at full speed, and "
            "Ctrl-C shows the report)"
        )

    def _end_script(self) -> NoReturn:
        """End the script here. Where it catches that, end it again at the next step."""
        from torch.optim.optimizer import register_optimizer_step_pre_hook

        def end(*_: Any) -> NoReturn:
            if threading.current_thread() is not threading.main_thread():
                raise SystemExit  # ends the thread alone, without a word
            raise StepsOver(StepsOver.__doc__)

        register_optimizer_step_pre_hook(end)
        end()

    def _leave(self) -> None:
        self._over = True
        present(self._watch, "watch").leave()

    def _give_up(self) -> None:
        """Watch no more: memory runs short. Called while an operation is dispatched, so hooks must wait."""
        watch = present(self._watch, "watch")
        self._over = True
        watch.recorder.active = False
        watch.forget()
        steps = "before the first step was over" if not watch.steps else "after the steps above"
        self._remark = f"Memory ran short, and watching ended {steps}: it keeps every value of a step."
        self._output.say(f"zerograd: {self._remark} The script goes on unwatched.")

    def _rest(self) -> None:
        """Leave a process alone that was forked."""
        self._arrival.stop()
        os._exit = self._exit  # type: ignore[assignment]
        if self._watch is not None:
            self._watch.leave()

    # how it ends

    def _close(self, error: BaseException | None) -> None:
        """End the watch with the script: explain what happened since the last step."""
        self._arrival.stop()
        if self._over or self._watch is None:
            return
        self._over = True
        self._watch.__exit__(type(error) if error is not None else None, error, None)

    def _report(self) -> Report:
        from zerograd.report import Report

        if self._watch is not None and (self._watch.steps or self._remark is None):
            return Report(self._watch.explanation())
        return Report(self._nothing())

    def _nothing(self) -> Any:
        from zerograd.explaining.explanation import NOT_IMPORTED, Backward, Explanation, StepReport

        remark = self._remark or NOT_IMPORTED
        return Explanation((StepReport(1, {}, messages=(remark,), backward=Backward.NONE),))

    def _put_report(self) -> None:
        """Write the report, once."""
        if self._put:
            return
        self._put = True
        report = self._report()
        self._plan.finish(report)
        self._output.report(self._plan.written(report))

    def _at_exit(self) -> None:
        if os.getpid() != self._process:
            return
        flush()
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left to do takes a moment
        try:
            self._put_report()
        except Exception:
            traceback.print_exc()
            self._mistaken()
            self._exit(BUG)

    def _exit_at_once(self, status: int) -> NoReturn:
        """Put the report before the process ends without cleaning up; what is not flushed stays so."""
        if os.getpid() == self._process:
            try:
                if threading.get_ident() == self._thread:
                    self._close(None)
                self._put_report()
                status = status or (0 if self._report().decided else OPEN)
            except BaseException as error:
                self._output.say(f"zerograd: no report could be made: {type(error).__name__}: {error}")
        self._exit(status)
