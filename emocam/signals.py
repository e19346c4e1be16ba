"""Ctrl-C, SIGTERM and a closed terminal end a run in order: files are completed."""

from __future__ import annotations

import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last two exist on some systems only
_AGAIN_S = 0.01  # until Python is back from where an interrupt is only printed


class Ending(threading.Event):
    """Set by the signal that ends a run."""

    number: int = signal.SIGINT  # of that signal; Ctrl-C's while none has set it
    is_interrupted: bool = False  # whether a signal, Ctrl-C's too, has raised KeyboardInterrupt

    @property
    def exit_code(self) -> int:
        """What shells have for a command that the signal ended: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number


@contextmanager
def interrupt_on_kill() -> Iterator[Ending]:
    """Let SIGTERM unwind what is open as Ctrl-C does; the event tells one from the other."""
    killed = Ending()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        killed.is_interrupted = True
        raise KeyboardInterrupt

    def end(number: int, frame: FrameType | None) -> None:
        killed.number = number
        killed.set()
        interrupt(number, frame)

    is_main = threading.current_thread() is threading.main_thread()
    with ExitStack() as before:
        before.enter_context(_raised_again(killed))
        for number, usual, ours in (
            (signal.SIGINT, signal.default_int_handler, interrupt),
            (signal.SIGTERM, signal.SIG_DFL, end),
        ):
            if is_main and signal.getsignal(number) is usual:
                before.callback(signal.signal, number, signal.signal(number, ours))
        yield killed


@contextmanager
def _raised_again(killed: Ending) -> Iterator[None]:
    """Raise an interrupt once more that Python has but printed.

    It does so with one that falls into a finalizer or into what it calls itself, such as at the
    end of an import: the signal would be lost, and the run go on.
    """
    usual, is_over = sys.unraisablehook, threading.Event()

    def signal_again() -> None:
        if not is_over.wait(_AGAIN_S):
            interrupt_main(signal.Signals(killed.number))

    def look(ignored: UnraisableHookArgs) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            threading.Thread(target=signal_again, daemon=True).start()
        else:
            usual(ignored)

    sys.unraisablehook = look
    try:
        yield
    finally:
        is_over.set()
        sys.unraisablehook = usual


@contextmanager
def end_on_signals() -> Iterator[Ending]:
    """An event that is set by the first signal; a second one interrupts at once.

    A process under `nohup` ignores a terminal that closes.
    """
    ending = Ending()

    def end(number: int, _frame: FrameType | None) -> None:
        if ending.is_set():
            raise KeyboardInterrupt
        ending.number = number
        ending.set()

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN:
        numbers.remove(hangup)
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # Python lets only the main thread take signals
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
