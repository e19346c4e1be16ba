"""The result of one frame: readings of its faces, and boxes of faces to hide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, SupportsIndex, TypeAlias, overload

import numpy as np

from emocam.types import Face, FloatArray, Frame, IntArray, Reading

_BRIDGED_OPACITY = 0.5


@dataclass(frozen=True, eq=False)
class FrameReadings:
    """The result of one frame; it can be counted, indexed and sliced like its readings.

    Attributes
    ----------
    readings
        One per face, after profile and smoothing; `face.id` persists over frames.
    index
        Number of the frame in its source, from 0.
    time_s
        Time of the frame in seconds; None for a photo.
    source
        Path or address as the user gave it.
    raw
        The same faces in the same order before profile and smoothing; may be empty.
    points
        The same faces in the learnt space, shape (n, dims), float32; None where unknown.
    bridged
        Readings of faces that were detected shortly before and after this frame but not in it,
        interpolated: for drawing, not for the table.
    hidden
        Further detections that are not read; where heads are blurred, these are too.
    opacity
        Opacity of each of `readings` when drawn, 0 to 1; empty for 1.
    """

    readings: tuple[Reading, ...] = ()
    index: int = 0
    time_s: float | None = None
    source: str = ""
    raw: tuple[Reading, ...] = ()
    points: FloatArray | None = field(default=None, repr=False)
    bridged: tuple[Reading, ...] = ()
    hidden: tuple[Face, ...] = ()
    opacity: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name, given in (("raw", self.raw), ("opacity", self.opacity)):
            if given and len(given) != len(self.readings):
                raise ValueError(
                    f"{name} has one a reading or none: {len(self.readings)}, got {len(given)}"
                )

    def __len__(self) -> int:
        return len(self.readings)

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.readings)

    @overload
    def __getitem__(self, item: SupportsIndex) -> Reading: ...

    @overload
    def __getitem__(self, item: slice) -> FrameReadings: ...

    def __getitem__(self, item: SupportsIndex | slice) -> Reading | FrameReadings:
        """One reading, or the frame with a slice of its readings; the others become `hidden`."""
        if not isinstance(item, slice):  # NumPy's numbers are no int
            return self.readings[item]
        kept = self.readings[item]
        left_out = tuple(one.face for one in self.readings if all(one is not k for k in kept))
        return replace(
            self,
            readings=kept,
            raw=self.raw[item],
            points=None if self.points is None else self.points[item],
            opacity=self.opacity[item],
            hidden=self.hidden + left_out,
        )

    @property
    def faces(self) -> tuple[Face, ...]:
        """The faces that were read."""
        return tuple(one.face for one in self.readings)

    @property
    def probabilities(self) -> FloatArray:
        """Shape (n, labels), float32."""
        labels = len(self.readings[0].labels) if self.readings else 0
        rows = [one.probabilities for one in self.readings]
        return np.array(rows, np.float32).reshape(len(rows), labels)

    @property
    def clusters(self) -> IntArray:
        """Number of each face's emotion cluster, shape (n,)."""
        return np.array([one.cluster for one in self.readings], np.int64)

    @property
    def largest(self) -> Reading | None:
        """The reading of the largest face; None without a face."""
        return max(self.readings, key=lambda one: one.face.size_wh[0], default=None)

    @property
    def heads(self) -> tuple[Face, ...]:
        """All faces that may be in this frame: those that a blurred picture hides."""
        return (*self.faces, *(one.face for one in self.bridged), *self.hidden)

    def with_bridged(self) -> FrameReadings:
        """The same with `bridged` among the readings, at half opacity.

        Returns
        -------
        FrameReadings
            For drawing; without `raw` and `bridged`.
        """
        if not self.bridged:
            return self
        opacity = (self.opacity or (1.0,) * len(self)) + (_BRIDGED_OPACITY,) * len(self.bridged)
        return replace(
            self,
            readings=self.readings + self.bridged,
            raw=(),
            points=None,
            bridged=(),
            opacity=opacity,
        )

    def with_faces(self, change: Callable[[Face], Face]) -> FrameReadings:
        """The same readings with each face changed, such as moved to another picture's pixels.

        Parameters
        ----------
        change
            Gives the face to put in the place of the one that it is given.

        Returns
        -------
        FrameReadings
            A new result; this one stays as it is.
        """

        def changed(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
            return tuple(replace(one, face=change(one.face)) for one in readings)

        return replace(
            self,
            readings=changed(self.readings),
            raw=changed(self.raw),
            bridged=changed(self.bridged),
            hidden=tuple(map(change, self.hidden)),
        )

    def _repr_html_(self) -> str:
        """The readings side by side, as a notebook shows them."""
        from emocam.render.notebook import readings_html

        return readings_html(self.readings)

    def rows(self) -> list[dict[str, Any]]:
        """The table's rows.

        Returns
        -------
        list of dict
            One row per face, or a single one with the status `no_face`.
        """
        from emocam.io.tables import reading_row, status_row

        if not self.readings:
            return [status_row(self.source, "no_face", frame=self.index, time_s=self.time_s)]
        return [
            reading_row(self.source, one, frame=self.index, time_s=self.time_s)
            for one in self.readings
        ]


def rows(
    readings: FrameReadings | Iterable[FrameReadings | tuple[Frame, FrameReadings]],
) -> list[dict[str, Any]]:
    """The table's rows of one frame, or of several in order.

    Parameters
    ----------
    readings
        Results of frames, or what `read_video`, `read_live` and `read_photos` give.

    Returns
    -------
    list of dict
        One row per face, or one with the status `no_face` for a frame without; the keys are the
        columns of the table that apply.
    """
    given = [readings] if isinstance(readings, FrameReadings) else readings
    frames = (one[1] if isinstance(one, tuple) else one for one in given)
    return [row for frame in frames for row in frame.rows()]


Readings: TypeAlias = Sequence[Reading] | FrameReadings
