"""emocam reads the apparent expression of faces with K-Means.

>>> from emocam import EmotionRecognizer
>>> recognizer = EmotionRecognizer.load()
>>> readings = recognizer.read(frame_bgr)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emocam.errors import EmocamError
from emocam.types import Face, Frame, Reading

if TYPE_CHECKING:
    from emocam.recognition.recognizer import EmotionRecognizer

__version__ = "0.1.0"
__all__ = ["EmocamError", "EmotionRecognizer", "Face", "Frame", "Reading", "__version__"]


def __getattr__(name: str) -> Any:
    # OpenCV takes a quarter of a second to import: `emocam --help` should not wait for it.
    if name == "EmotionRecognizer":
        from emocam.recognition.recognizer import EmotionRecognizer

        return EmotionRecognizer
    raise AttributeError(f"module 'emocam' has no attribute '{name}'")
