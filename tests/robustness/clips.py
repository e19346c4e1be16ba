"""Real clips of the sample in several containers, to be damaged."""

from __future__ import annotations

from pathlib import Path

import cv2  # noqa: F401 - before av
import numpy as np

from tests.conftest import SAMPLES

import av  # isort: skip

CODECS = {
    ".mp4": "libx264", ".mov": "libx264", ".mkv": "libx264", ".ts": "libx264", ".flv": "libx264",
    ".avi": "mpeg4", ".webm": "libvpx",
}  # fmt: skip


def sample_frames(count: int) -> list[np.ndarray]:
    with av.open(str(SAMPLES / "webcam.mp4")) as clip:
        frames = []
        for frame in clip.decode(video=0):
            frames.append(frame.to_ndarray(format="rgb24"))
            if len(frames) == count:
                break
    return frames


def make_clip(path: Path, frames: int = 30) -> Path:
    """The sample's first frames, 25 a second, in the container that the ending names."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(CODECS[path.suffix], rate=25)
        images = sample_frames(frames)
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = images[0].shape[:2]
        for number, image in enumerate(images):
            picture = av.VideoFrame.from_ndarray(image, format="rgb24")
            picture.pts = number
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def make_sound(path: Path) -> Path:
    """Half a second of a tone, without a picture."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=48000, layout="mono")
        tone = (8000 * np.sin(np.arange(24000) / 20)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
