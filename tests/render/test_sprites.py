from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from emocam.render.layout import Layout
from emocam.render.sprites import Sprite, SpriteCache, Text, ink_on, make_pill


def block(rgba: tuple[int, int, int, int], size_wh: tuple[int, int] = (10, 6)) -> Sprite:
    return Sprite.from_rgba(Image.new("RGBA", size_wh, rgba))


@pytest.mark.parametrize("alpha", [0, 1, 60, 128, 200, 255])
@pytest.mark.parametrize("ground", [0, 100, 255])
def test_blending_is_the_over_operator(alpha: int, ground: int) -> None:
    frame = np.full((20, 20, 3), ground, np.uint8)
    block((250, 120, 10, alpha)).lay_on(frame, 4, 5)
    expected = (np.array([10, 120, 250]) * alpha + ground * (255 - alpha)) / 255
    assert np.abs(frame[5:11, 4:14] - expected).max() <= 1.01
    assert (frame[:5] == ground).all()
    assert (frame[:, 14:] == ground).all()


@pytest.mark.parametrize("at", [(-4, -3), (15, 17), (-100, 0), (0, 100), (20, 20)])
def test_what_hangs_out_is_left_out(at: tuple[int, int]) -> None:
    frame = np.zeros((20, 20, 3), np.uint8)
    block((255, 255, 255, 255)).lay_on(frame, *at)
    x, y = at
    inside = np.zeros((20, 20), bool)
    inside[max(0, y) : max(0, y + 6), max(0, x) : max(0, x + 10)] = True
    assert ((frame == 255).all(axis=2) == inside).all()


def test_the_cache_makes_each_sprite_once_and_stays_small() -> None:
    cache, made = SpriteCache(limit_bytes=10_000), []

    def make(key: int) -> Sprite:
        made.append(key)
        return block((1, 2, 3, 255))  # 360 bytes

    for key in [*range(10), *range(10)]:
        cache.get(key, lambda key=key: make(key))
    assert made == list(range(10))
    for key in range(100):
        cache.get(key, lambda key=key: make(key))
    assert len(cache._sprites) <= 10_000 // 360
    made.clear()
    cache.get(99, lambda: make(99))
    cache.get(0, lambda: make(0))
    assert made == [0]  # the oldest went, the newest stayed


def test_ink_is_readable_on_its_color() -> None:
    assert ink_on((239, 218, 67)) == (0, 0, 0)
    assert ink_on((49, 83, 72)) == (255, 255, 255)


def test_a_pill_has_a_colored_edge_with_a_number_on_it() -> None:
    plain = make_pill(Text("happy", 20), (239, 218, 67))
    numbered = make_pill(Text("happy", 20), (239, 218, 67), "12")
    assert numbered.size_wh[0] > plain.size_wh[0]
    edge = numbered.ink_bgr[:, 2 : numbered.size_wh[0] - plain.size_wh[0]]
    assert (edge < 60).all(axis=2).sum() > 10  # dark digits
    assert (edge == (67, 218, 239)).all(axis=2).sum() > 100


def test_labels_keep_their_place_until_another_is_much_better() -> None:
    corners = [(10, 10), (10, 60)]
    layout = Layout((0, 0, 100, 100))
    assert layout.place((20, 10), corners, None)[1] == 0
    assert layout.place((20, 10), corners, 1)[1] == 1
    layout.take((10, 60, 30, 70))
    rect, place, covered = layout.place((20, 10), corners, 1)
    assert (rect, place, covered) == ((10, 10, 30, 20), 0, 0.0)


def test_places_are_moved_into_the_bounds() -> None:
    layout = Layout((0, 0, 100, 100))
    assert layout.place((20, 10), [(-50, 500)], None)[0] == (0, 90, 20, 100)
