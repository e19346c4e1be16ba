"""The basic types: a frame, a face in it, the reading of a face."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

ImageU8: TypeAlias = npt.NDArray[np.uint8]
FloatArray: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Box: TypeAlias = tuple[int, int, int, int]
# What callers have: OpenCV's own hints leave open what its pictures hold. It is checked when used.
AnyArray: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Frame:
    """One upright picture of a source.

    Attributes
    ----------
    image_bgr
        Shape (height, width, 3), uint8, blue first.
    index
        Number in the source, from 0.
    time_s
        Presentation time in seconds; None for a photo.
    source
        Path or address as the user gave it.
    """

    image_bgr: AnyArray = field(repr=False)
    index: int = 0
    time_s: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        check_bgr(self.image_bgr)
        if self.index < 0:
            raise ValueError(f"index is a frame number from 0, got {self.index}")

    def _repr_png_(self) -> bytes:
        """The picture, as a notebook shows it."""
        from emocam.render.notebook import picture_png

        return picture_png(self.image_bgr)


@dataclass(frozen=True)
class Face:
    """A detected face.

    Attributes
    ----------
    xyxy
        Left, top, right, bottom in pixels of the upright picture at full size; right and
        bottom are exclusive.
    detection
        Calibrated probability that this is a face, 0 to 1.
    id
        Persists over the frames of a clip; counts from 0 in a photo.
    yaw
        Degrees by which the head is turned aside: 0 for a frontal view, positive when it looks
        to the right edge of the picture. None where unknown, as for a box of one's own.
    pitch
        Degrees by which it is raised: positive when it looks up. emocam's own detector can't tell
        it and leaves it None.
    roll
        Degrees by which it leans in the picture: positive clockwise.
    yaw_error
        Degrees by which half of such estimates of `yaw` are off at most.
    """

    xyxy: Box
    detection: float = 1.0
    id: int = 0
    yaw: float | None = None
    pitch: float | None = None
    roll: float | None = None
    yaw_error: float | None = None

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.xyxy
        if x2 <= x1 or y2 <= y1:
            raise ValueError(f"xyxy is left, top, right, bottom with an area, got {self.xyxy}")
        if not 0.0 <= self.detection <= 1.0:
            raise ValueError(f"detection is a probability from 0 to 1, got {self.detection}")
        for name in ("yaw", "pitch", "roll"):
            angle = getattr(self, name)
            if angle is not None and not -180.0 <= angle <= 180.0:
                raise ValueError(f"{name} is an angle from -180 to 180 degrees, got {angle}")

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.xyxy[2] - self.xyxy[0], self.xyxy[3] - self.xyxy[1]


@dataclass(frozen=True)
class Reading:
    """The apparent expression of one face.

    Attributes
    ----------
    face
        The face that was read.
    emotion
        One of `labels`, or `unsure` when `certainty` is below the threshold.
    certainty
        Calibrated probability of the best label, 0 to 1.
    cluster
        Number of the emotion cluster.
    probabilities
        One a label, in the order of `labels`, summing to 1.
    labels
        The model's labels, in order.
    held
        Whether hysteresis keeps an earlier `emotion` although `certainty` is below the threshold
        in this frame (live only).
    """

    face: Face
    emotion: str
    certainty: float
    cluster: int
    probabilities: tuple[float, ...]
    labels: tuple[str, ...]
    held: bool = False

    def __post_init__(self) -> None:
        if len(self.probabilities) != len(self.labels):
            raise ValueError(
                f"one probability a label: {len(self.labels)} labels, "
                f"{len(self.probabilities)} probabilities"
            )
        if abs(sum(self.probabilities) - 1.0) > 1e-3:
            raise ValueError(f"probabilities sum to 1, got {sum(self.probabilities):.4f}")

    def _repr_html_(self) -> str:
        """The label and a bar for each, as a notebook shows it."""
        from emocam.render.notebook import reading_html

        return reading_html(self)


def check_bgr(image_bgr: object) -> ImageU8:
    """The picture itself; ValueError unless it is one of shape (height, width, 3), uint8."""
    if not isinstance(image_bgr, np.ndarray):
        came = type(image_bgr).__name__
        if image_bgr is None:
            came += ", which cv2.imread gives for a file that it can't read"
    elif image_bgr.ndim != 3 or image_bgr.shape[2] != 3 or image_bgr.dtype != np.uint8:
        came = f"{image_bgr.dtype} of shape {image_bgr.shape}"
    elif not image_bgr.size:
        came = f"one without pixels, of shape {image_bgr.shape}"
    else:
        return image_bgr
    raise ValueError(f"a picture is uint8 of shape (height, width, 3), got {came}")
