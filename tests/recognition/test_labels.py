"""The colours are told apart by everybody: simulated, not believed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS, UNSURE, color_rgb, short_name

# Machado, Oliveira, Fernandes (2009), severity 1.0, for linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ_OF_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(rgb):
    shares = np.asarray(rgb, float) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def cielab(rgb_linear):
    xyz = XYZ_OF_RGB @ rgb_linear / (0.95047, 1.0, 1.08883)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def seen(rgb, vision):
    return cielab(np.clip(np.asarray(VISIONS[vision]) @ linear(rgb), 0, 1))


def ciede2000(one, other):
    """Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula" (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2((b1, b2), (a1, a2))) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    hue = (h1 + turn / 2) % 360
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * t)
    rotation = 2 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    rotation *= -np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return np.sqrt(by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue)


def contrast(one, other):
    """WCAG 2.2 contrast ratio."""
    light, dark = sorted((XYZ_OF_RGB[1] @ linear(rgb) for rgb in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_difference_is_that_of_the_published_examples():
    # Pairs 1, 7 and 17 of the paper's table 1.
    assert ciede2000((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000((50, 0, 0), (50, -1, 2)) == pytest.approx(2.3669, abs=1e-4)
    assert ciede2000((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)


@pytest.mark.parametrize("vision", VISIONS)
def test_the_emotions_and_unsure_are_told_apart(vision):
    colors = {label: seen(color_rgb(label), vision) for label in (*EMOTIONS, UNSURE)}
    for one, other in combinations(colors, 2):
        assert ciede2000(colors[one], colors[other]) > 20, (one, other)


@pytest.mark.parametrize("label", [*EMOTIONS, UNSURE])
def test_they_stand_out_from_bright_and_dark(label):
    assert contrast(color_rgb(label), (255, 255, 255)) >= 1.4
    assert contrast(color_rgb(label), (17, 17, 17)) >= 2.2


def test_labels_of_a_users_own_get_different_colours():
    labels = tuple(f"label {number}" for number in range(8))
    assert len({color_rgb(label, labels) for label in labels}) == 8
    assert color_rgb("happy", ("x", "happy")) == color_rgb("happy")


def test_short_names_tell_labels_apart() -> None:
    short = [short_name(label, EMOTIONS) for label in (*EMOTIONS, UNSURE)]
    assert short == ["A", "D", "F", "H", "N", "Sa", "Su", "U"]
    assert short_name("a", ("a", "ab")) == "A"
    assert short_name("ab", ("a", "ab")) == "Ab"
