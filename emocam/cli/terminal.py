"""Where the lines of a command go that runs for a while."""

from __future__ import annotations

import sys


class Terminal:
    """Results go to standard output, remarks to standard error."""

    def __init__(self, *, results_to_stderr: bool = False) -> None:
        self._results = sys.stderr if results_to_stderr else sys.stdout

    def line(self, text: str) -> None:
        print(text, file=self._results, flush=True)

    def note(self, text: str) -> None:
        print(f"emocam: {text}", file=sys.stderr, flush=True)
