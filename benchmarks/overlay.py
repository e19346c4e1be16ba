"""How long drawing takes, by size of picture, beside a plain copy of the same picture.

    python benchmarks/overlay.py

CPU time of one thread, median of many frames, so that a busy machine changes less. The readings
change emotion about thirty times a minute, which is more than a smoothed session does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import cv2
import numpy as np

from emocam.recognition.labels import EMOTIONS
from emocam.render.overlay import Overlay, OverlayOptions
from emocam.types import Face, ImageU8, Reading

SIZES_WH = ((320, 240), (640, 480), (1280, 720), (1920, 1080), (3840, 2160))
FRAMES = 90
RATE = 30


def main() -> None:
    cv2.setNumThreads(1)
    print(f"{'picture':>10}  {'faces':>5}  {'copy':>7}  " + "  ".join(f"{x:>14}" for x in LOOKS))
    for width, height in SIZES_WH:
        for faces in (1, 4):
            print_line(width, height, faces)


LOOKS = {
    "boxes": OverlayOptions(bars=False),
    "bars": OverlayOptions(),
    "bars, strip": OverlayOptions(strip=True),
    "all, blur": OverlayOptions(strip=True, blur=True),
}


def print_line(width: int, height: int, faces: int) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    copy_s = cpu_seconds(lambda _: frame.copy())
    cells = []
    for options in LOOKS.values():
        spent_s = cpu_seconds(drawing(frame, faces, options))
        cells.append(f"{1e3 * spent_s:5.2f} ms {spent_s / copy_s:4.1f}×")
    print(f"{width:>5}×{height:<4}  {faces:>5}  {1e3 * copy_s:4.2f} ms  " + "  ".join(cells))


def drawing(frame: ImageU8, faces: int, options: OverlayOptions) -> Callable[[int], object]:
    """A function that draws one frame of a session that has run for thirty seconds."""
    overlay = Overlay(EMOTIONS)
    history = [readings(frame, faces, tick) for tick in range(30 * RATE + FRAMES)]
    for tick in range(30 * RATE):
        overlay.remember(history[tick], tick / RATE)

    def draw(tick: int) -> object:
        tick += 30 * RATE
        overlay.remember(history[tick], tick / RATE)
        return overlay.draw(
            frame, history[tick], time_s=tick / RATE, options=options, recording=True,
            numbers=f"camera 30.0 fps · analysis {20 + tick // RATE % 5}.0 fps · age 38 ms",
        )  # fmt: skip

    return draw


def readings(frame: ImageU8, faces: int, tick: int) -> list[Reading]:
    height, width = frame.shape[:2]
    side = height // 4
    made = []
    for face in range(faces):
        swings = np.sin(tick / RATE * np.arange(1, 8) / 12 + 2 * face + np.arange(7) ** 2)
        odds = np.exp(2 * swings) / np.exp(2 * swings).sum()
        best = int(odds.argmax())
        x, y = width // 8 + face % 2 * width // 2 + tick % 9, height // 8 + face // 2 * height // 2
        where = Face((x, y, x + side, y + side), 1.0, face)
        made.append(
            Reading(where, EMOTIONS[best], float(odds[best]), 0, tuple(odds.tolist()), EMOTIONS)
        )
    return made


def cpu_seconds(draw: Callable[[int], object]) -> float:
    spent = []
    for tick in range(FRAMES):
        began = time.thread_time()
        draw(tick)
        spent.append(time.thread_time() - began)
    return median(spent)


if __name__ == "__main__":
    main()
