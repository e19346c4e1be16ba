"""The emotions, and the one colour and sign that each has everywhere."""

from __future__ import annotations

EMOTIONS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
"""FER2013's seven, in the order of its numbers 0 to 6, which is also the alphabet's."""

UNSURE = "unsure"
NEUTRAL = "neutral"

SYNONYMS = (
    {"angry", "anger"},
    {"contempt", "contemptuous"},
    {"disgust", "disgusted"},
    {"fear", "fearful", "afraid", "scared"},
    {"happy", "happiness", "joy"},
    {"neutral", "calm"},
    {"sad", "sadness"},
    {"surprise", "surprised"},
)
"""Names of the same thing in data sets and folders."""

# Found by search: of all pairs, seen normally or with any of the three kinds of colour blindness
# (simulated after Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of
# color vision deficiency", 2009), the two most alike are still 21 CIEDE2000 apart; each stands out
# from white (1.4:1 or more) and from near-black (2.2:1 or more). Red, green, blue.
_COLORS_RGB: dict[str, tuple[int, int, int]] = {
    "angry": (223, 78, 31),
    "disgust": (49, 83, 72),
    "fear": (137, 0, 148),
    "happy": (239, 218, 67),
    "neutral": (198, 210, 187),
    "sad": (55, 140, 255),
    "surprise": (0, 239, 255),
    UNSURE: (139, 135, 137),
}
# Labels of a user's own take the palette in turn.
_PALETTE_RGB = (*(_COLORS_RGB[emotion] for emotion in EMOTIONS), (230, 159, 0))


def color_rgb(label: str, labels: tuple[str, ...] = EMOTIONS) -> tuple[int, int, int]:
    """Red, green, blue (0 to 255) of a label, the same in window, film, plots and report."""
    if label in _COLORS_RGB:
        return _COLORS_RGB[label]
    index = labels.index(label) if label in labels else 0
    return _PALETTE_RGB[index % len(_PALETTE_RGB)]


def color_hex(label: str, labels: tuple[str, ...]) -> str:
    """The same colour as style sheets and matplotlib write it, such as `#df4e1f`."""
    return "#{:02x}{:02x}{:02x}".format(*color_rgb(label, labels))


def known_label(name: str, labels: tuple[str, ...]) -> str:
    """The label that a name stands for in whatever case or word, or the name itself."""
    name = name.strip()
    same = next((some for some in SYNONYMS if name.lower() in some), {name.lower()})
    return next((label for label in labels if label.lower() in same), name)


def short_name(label: str, labels: tuple[str, ...]) -> str:
    """The first letters of a label, as few as tell it from the others: `A`, `Sa`, `Su`."""
    others = [other for other in (*labels, UNSURE) if other != label]
    for letters in range(1, len(label)):
        if not any(other.startswith(label[:letters]) for other in others):
            return label[:letters].capitalize()
    return label.capitalize()
