"""What a `ReadingProcess` does: find the faces of whole pictures, and read faces cut out."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from emocam.detection.detector import SearchPicture
from emocam.recognition.prediction import Prediction
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Face, ImageU8
from emocam.video.model_process import ModelArguments


def load(arguments: ModelArguments) -> None:
    """Load what the first picture would have to wait for."""
    cv2.setNumThreads(1)
    recognizer_of(arguments).detector.detect(np.zeros((64, 64, 3), np.uint8))


def search(arguments: ModelArguments, picture: SearchPicture) -> list[Face]:
    """See `FaceDetector.search`."""
    return recognizer_of(arguments).detector.search(picture)


def predict(arguments: ModelArguments, faces_gray: ImageU8) -> Prediction:
    """See `EmotionRecognizer.predict_crops`."""
    return recognizer_of(arguments).predict_crops(faces_gray)


@lru_cache(1)
def recognizer_of(arguments: ModelArguments) -> EmotionRecognizer:
    """The recognizer of these arguments, loaded once."""
    return EmotionRecognizer.load(
        arguments.model, certainty=arguments.certainty, profile=arguments.profile
    )
