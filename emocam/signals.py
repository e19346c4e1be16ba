"""Ctrl-C, SIGTERM and a closed terminal end a run in order: files are completed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last two exist on some systems only


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
        for number, usual, ours in (
            (signal.SIGINT, signal.default_int_handler, interrupt),
            (signal.SIGTERM, signal.SIG_DFL, end),
        ):
            if is_main and signal.getsignal(number) is usual:
                before.callback(signal.signal, number, signal.signal(number, ours))
        yield killed


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
