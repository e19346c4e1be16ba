"""Made-up video files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from emocam.types import ImageU8


def plain_frame(level: int, size_wh: tuple[int, int] = (64, 48)) -> ImageU8:
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


def write_clip(path: Path, frames: int, *, fps: float = 25, codec: str = "MJPG") -> Path:
    """A clip that becomes brighter by 2 from frame to frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
    assert writer.isOpened()
    for index in range(frames):
        writer.write(plain_frame(min(255, 2 * index)))
    writer.release()
    return path
