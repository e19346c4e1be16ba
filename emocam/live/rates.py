"""How often something happens, over the last seconds, and the line that tells it."""

from __future__ import annotations

from collections import deque

_SPAN_S = 2.0
_EVERY_S = 0.5  # as fast as numbers can be read


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


class Numbers:
    """The line of numbers of a live session.

    Attributes
    ----------
    camera, drawn, read
        How fast frames come, are drawn, and are read.
    analysed_s
        When the frame was taken that was read last, in seconds; None before the first.
    text
        The line, made anew by `update`.
    """

    def __init__(self) -> None:
        self.camera, self.drawn, self.read = Rate(), Rate(), Rate()
        self.analysed_s: float | None = None
        self.text = ""
        self._next_s = 0.0

    def update(self, now_s: float, *, is_seen: bool) -> None:
        """Make the line anew, twice a second at most, without what is drawn where nobody sees."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + _EVERY_S
        age = ""
        if self.analysed_s is not None:
            age = f", {1000 * (now_s - self.analysed_s):.0f} ms old"
        drawn = f"{self.drawn.per_second(now_s):.0f} drawn, " if is_seen else ""
        self.text = (
            f"camera {self.camera.per_second(now_s):.0f}/s, {drawn}"
            f"{self.read.per_second(now_s):.0f} read{age}"
        )
