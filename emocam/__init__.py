"""emocam reads the apparent expression of faces with K-Means.

>>> from emocam import EmotionRecognizer
>>> recognizer = EmotionRecognizer.load()
>>> readings = recognizer.read(frame_bgr)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emocam.errors import EmocamError

if TYPE_CHECKING:
    from emocam.dataframes import to_frame
    from emocam.label.photo_readings import read_photos
    from emocam.live.live_readings import read_live
    from emocam.readings import FrameReadings, rows
    from emocam.recognition.profile import Profile
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.render.overlay import draw
    from emocam.tracking.follower import Follower
    from emocam.training.classifier import EmotionClassifier
    from emocam.training.from_arrays import evaluate, train
    from emocam.types import Face, Frame, Reading
    from emocam.video.clip_readings import read_video

__version__ = "0.1.0"
__all__ = [
    "EmocamError",
    "EmotionClassifier",
    "EmotionRecognizer",
    "Face",
    "Follower",
    "Frame",
    "FrameReadings",
    "Profile",
    "Reading",
    "__version__",
    "draw",
    "evaluate",
    "read_live",
    "read_photos",
    "read_video",
    "rows",
    "to_frame",
    "train",
]
_LAZY = {
    "EmotionClassifier": "emocam.training.classifier",
    "EmotionRecognizer": "emocam.recognition.recognizer",
    "Face": "emocam.types",
    "Follower": "emocam.tracking.follower",
    "Frame": "emocam.types",
    "FrameReadings": "emocam.readings",
    "Profile": "emocam.recognition.profile",
    "Reading": "emocam.types",
    "draw": "emocam.render.overlay",
    "evaluate": "emocam.training.from_arrays",
    "read_live": "emocam.live.live_readings",
    "read_photos": "emocam.label.photo_readings",
    "read_video": "emocam.video.clip_readings",
    "rows": "emocam.readings",
    "to_frame": "emocam.dataframes",
    "train": "emocam.training.from_arrays",
}


def __getattr__(name: str) -> Any:
    # NumPy takes 60 ms to import, OpenCV a quarter of a second, scikit-learn more: `emocam --help`
    # should not wait for them, nor reading faces for scikit-learn.
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'emocam' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
