"""How often something happens, over the last seconds."""

from __future__ import annotations

from collections import deque

_SPAN_S = 2.0


class Rate:
    """How fast a count grows, over the last two seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, time_s: float, count: int) -> None:
        """The count at a time."""
        self._marks.append((time_s, count))

    def per_second(self, now_s: float) -> float:
        """Growth a second up to now; 0 before there are two marks, and once it has stopped."""
        while self._marks and now_s - self._marks[0][0] > _SPAN_S:
            self._marks.popleft()
        if len(self._marks) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._marks[0], self._marks[-1]
        return (last - first) / max(last_s - first_s, 1e-6)
