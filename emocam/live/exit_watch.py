"""A last word when C code ends the process.

When the display goes, Qt and Xlib call `exit` from within: no exception reaches Python, nothing is
unwound, and a film that was being recorded would be lost.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class ExitWatch:
    """Calls a function when C code ends the process while the `with` block runs (Linux only).

    Parameters
    ----------
    act
        Called in place of the end; afterwards the process ends with exit code 1.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._is_on = False
        self._key = ctypes.c_char()  # its address tells this handler from others
        self._handler = _HANDLER(self._ended)

    def __enter__(self) -> Self:
        if sys.platform.startswith("linux"):
            # C's `atexit` has no symbol of its own in glibc; this is what it calls.
            register = getattr(ctypes.CDLL(None), "__cxa_atexit")
            register.argtypes = [_HANDLER, ctypes.c_void_p, ctypes.c_void_p]
            register(self._handler, None, ctypes.addressof(self._key))
            self._is_on = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_on:
            self._is_on = False
            # Taken off: at the usual end Python is gone before C calls its handlers.
            take_off = getattr(ctypes.CDLL(None), "__cxa_finalize")
            take_off.argtypes = [ctypes.c_void_p]
            take_off(ctypes.addressof(self._key))

    def _ended(self, _: object) -> None:
        if not self._is_on:
            return
        self._is_on = False
        try:
            self._act()
            sys.stdout.flush()
        finally:
            os._exit(1)
