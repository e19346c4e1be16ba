"""Numbers and names as a reader of a study's page wants them."""

from __future__ import annotations

import numpy as np

from emocam.video.timeline import clock, percent

_NAMES = {
    "expressiveness": "expressive",
    "transitions": "label changes a minute",
    "face_share": "face found",
    "readable_share": "readable",
}


def share_text(share: float) -> str:
    """A share in whole percent; a dash where there is none."""
    return "–" if np.isnan(share) else percent(float(share))


def number(value: float, unit: str = "1") -> str:
    """A value as a reader wants it: shares with two digits, seconds with one."""
    if np.isnan(value):
        return "–"
    digits = 1 if unit in ("s", "1/min", "px") else 2
    return f"{round(value, digits) + 0.0:.{digits}f}"  # never -0.00


def nice(name: str, labels: tuple[str, ...]) -> str:
    """A measure's name in plain words."""
    plain = name.removesuffix("_change")
    change = "change of " if plain != name else ""
    for label in labels:
        if plain.startswith(f"{label}_"):
            kind = plain.removeprefix(f"{label}_")
            return change + (label if kind == "readable" else f"{label}, {kind}")
    return change + _NAMES.get(plain, plain.replace("_", " "))


def p_text(value: float) -> str:
    """A p-value with three digits."""
    if np.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def signed_clock(time_s: float) -> str:
    """A time that may lie before 0."""
    return f"−{clock(-time_s)}" if time_s < -0.05 else clock(max(0.0, time_s))
