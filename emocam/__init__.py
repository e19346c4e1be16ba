"""emocam reads the apparent expression of faces with K-Means.

>>> from emocam import EmotionRecognizer
>>> recognizer = EmotionRecognizer.load()
>>> readings = recognizer.read(frame_bgr)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emocam.errors import EmocamError
from emocam.types import Face, Frame, Reading

if TYPE_CHECKING:
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.training.classifier import EmotionClassifier
    from emocam.training.from_arrays import evaluate, train

__version__ = "0.1.0"
__all__ = [
    "EmocamError",
    "EmotionClassifier",
    "EmotionRecognizer",
    "Face",
    "Frame",
    "Reading",
    "__version__",
    "evaluate",
    "train",
]
_LAZY = {
    "EmotionClassifier": "emocam.training.classifier",
    "EmotionRecognizer": "emocam.recognition.recognizer",
    "evaluate": "emocam.training.from_arrays",
    "train": "emocam.training.from_arrays",
}


def __getattr__(name: str) -> Any:
    # OpenCV takes a quarter of a second to import, scikit-learn more: `emocam --help` should not
    # wait for them, nor reading faces for scikit-learn.
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'emocam' has no attribute '{name}'")
