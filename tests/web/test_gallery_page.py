"""The contact sheet in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np
import pytest

from emocam.label.gallery import GalleryFace, cut_face, write_gallery
from emocam.recognition.labels import EMOTIONS, UNSURE
from tests.web.conftest import wait

pytestmark = pytest.mark.web


def faces(count: int, folder: Path) -> list[GalleryFace]:
    """Noise of every emotion, as many pictures as there are faces."""
    random = np.random.default_rng(0)
    emotions = (*EMOTIONS, UNSURE)
    made = []
    for number in range(count):
        noise = cv2.resize(random.integers(0, 255, (9, 9, 3), dtype=np.uint8), (96, 96))
        jpeg = cut_face(np.asarray(noise, dtype=np.uint8), (0, 0, 96, 96))
        emotion = emotions[number * len(emotions) // count]
        made.append(GalleryFace(emotion, str(folder / f"ä {number}?.jpg"), 0.5, jpeg))
    return made


def loaded(browser: Any) -> int:
    """How many pictures are there."""
    script = "return [...document.images].filter(i => i.complete && i.naturalWidth == 96).length"
    return int(browser.execute_script(script))


def shown(browser: Any) -> list[str]:
    """Headings of the sections that can be seen."""
    headings = browser.find_elements("css selector", "section h2")
    return [one.text.split()[0] for one in headings if one.is_displayed()]


def test_a_click_shows_one_emotion_and_a_face_leads_to_its_photo(
    browser: Any, tmp_path: Path
) -> None:
    for number in range(40):
        (tmp_path / f"ä {number}?.jpg").write_bytes(b"x")
    [path] = write_gallery(tmp_path / "g.html", faces(40, tmp_path), 40, EMOTIONS)
    browser.get(path.as_uri())
    assert shown(browser) == [*EMOTIONS, UNSURE]
    label = next(
        one for one in browser.find_elements("css selector", ".chips label") if "sad" in one.text
    )
    label.click()
    assert shown(browser) == ["sad"]
    browser.find_element("css selector", ".chips label").click()
    assert len(shown(browser)) == 8
    links = browser.find_elements("css selector", ".faces a")
    targets = {Path(unquote(urlsplit(one.get_attribute("href")).path)) for one in links}
    assert targets == {tmp_path / f"ä {number}?.jpg" for number in range(40)}
    wait(lambda: loaded(browser) >= 10)  # those in view, at least
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, tmp_path: Path, width: int) -> None:
    [path] = write_gallery(tmp_path / "g.html", faces(100, tmp_path), 100, EMOTIONS)
    browser.set_window_size(width, 800)
    browser.get(path.as_uri())
    inner, needed = browser.execute_script(
        "return [window.innerWidth, document.documentElement.scrollWidth]"
    )
    browser.set_window_size(1280, 900)
    assert needed <= inner


def test_ten_thousand_faces_are_all_there_and_most_wait_to_be_seen(
    browser: Any, tmp_path: Path
) -> None:
    made = write_gallery(tmp_path / "g.html", faces(10_000, tmp_path), 10_000, EMOTIONS)
    assert [path.name for path in made] == ["g.html", "g-faces"]
    assert made[0].stat().st_size < 5_000_000
    browser.get(made[0].as_uri())
    assert browser.execute_script("return document.images.length") == 10_000
    wait(lambda: loaded(browser) > 0)
    assert loaded(browser) < 2_000
