"""Where labels lie on the circumplex of affect: valence from left to right, arousal upwards.

Derived, not measured: what is read of a face is a label, and where that label's word lies was
judged by people who read the word. The circumplex is that of Russell ("A circumplex model of
affect", Journal of Personality and Social Psychology 39, 1980). Positions are the mean ratings
of the labels' adjectives in the table of Bradley and Lang ("Affective norms for English words
(ANEW)", technical report C-1, University of Florida, 1999), which go from 1 to 9 with 5 in the
middle: (rating - 5) / 4 goes from -1 to 1. Neutral is the middle.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emocam.recognition.labels import NEUTRAL

# Mean ratings of valence and arousal, and the adjective they belong to.
RATINGS: dict[str, tuple[float, float, str]] = {
    "angry": (2.85, 7.17, "angry"),
    "disgust": (2.45, 5.42, "disgusted"),
    "fear": (2.00, 6.67, "afraid"),
    "happy": (8.21, 6.49, "happy"),
    "sad": (1.61, 4.13, "sad"),
    "surprise": (7.47, 7.47, "surprised"),
}


def positions(labels: tuple[str, ...]) -> npt.NDArray[np.float64] | None:
    """Valence and arousal of each label, shape (labels, 2), -1 to 1.

    None when a label has no published position: then neither can be derived.
    """
    known = {name: ((v - 5) / 4, (a - 5) / 4) for name, (v, a, _) in RATINGS.items()}
    known[NEUTRAL] = (0.0, 0.0)
    if not set(labels) <= set(known):
        return None
    return np.array([known[label] for label in labels])
