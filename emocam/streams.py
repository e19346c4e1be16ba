"""The standard streams: all three are there, whoever started the process."""

from __future__ import annotations

import os
import sys


def open_missing_streams() -> None:
    """Open those that the process was started without (`>&-`) on the null device.

    Otherwise the next file that is opened takes their number, and what a library prints goes into
    a result; and Python has no `sys.stdout` then.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number, which is this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115 -- no path, to the end
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8")  # noqa: SIM115
