"""Made-up persons in the carried model's learnt space."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from emocam.recognition.profile import Example, Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.words_model import WordsModel
from emocam.types import FloatArray


@lru_cache(maxsize=1)
def carried() -> EmotionRecognizer:
    return EmotionRecognizer.load()


def words() -> WordsModel:
    model = carried().model
    assert isinstance(model, WordsModel)
    return model


class Person:
    """Somebody whose faces lie elsewhere than the average, and scatter around own centres."""

    def __init__(self, seed: int, *, own: float = 0.5, manner: float = 0.3) -> None:
        self.random = np.random.default_rng(seed)
        self.population = words().population
        self.offset = self._draw(own)
        self.manners: dict[str, FloatArray] = {}
        self.manner = manner

    def _draw(self, share: float) -> FloatArray:
        dims = self.population.points.shape[1]
        scale = np.sqrt(share * self.population.point_spread.total / dims)
        return np.asarray(self.random.normal(0, scale, dims), np.float32)

    def point(self, label: str, scatter: float = 0.1) -> FloatArray:
        labels = words().labels
        if label not in self.manners:
            self.manners[label] = self._draw(self.manner)
        number = labels.index(label) if label in labels else labels.index("neutral")
        center = self.population.points[number] + self.offset + self.manners[label]
        return center + self._draw(scatter)

    def points(self, label: str, count: int, scatter: float = 0.1) -> FloatArray:
        return np.stack([self.point(label, scatter) for _ in range(count)])

    def profile(self, labels: tuple[str, ...], count: int = 1) -> Profile:
        examples = [
            Example(label, self.point(label), f"{label}/{number}.jpg")
            for label in labels
            for number in range(count)
        ]
        return Profile(tuple(examples), words().labels, words().space, "2026-01-31")
