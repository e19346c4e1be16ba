"""The live page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from emocam.live import local_server
from emocam.live.browser import BrowserView, readings_json
from emocam.recognition.labels import EMOTIONS
from emocam.teaching.guide import page_state
from emocam.teaching.steps import GuidedSteps
from emocam.types import Face, ImageU8, Reading
from tests.waiting import WAIT_S
from tests.web.conftest import wait

pytestmark = pytest.mark.web
DRAWN = "const p = document.getElementById('picture'); return [p.width, p.height].concat(" \
    "Array.from(p.getContext('2d').getImageData(2, 2, 1, 1).data))"  # fmt: skip


def reading(emotion: str, face: int = 0) -> Reading:
    odds = tuple(0.76 if label == emotion else 0.04 for label in EMOTIONS)
    return Reading(Face((10, 10, 60, 60), 0.9, face), emotion, 0.76, 0, odds, EMOTIONS)


def frame(bgr: tuple[int, int, int], height: int = 120, width: int = 200) -> ImageU8:
    return np.full((height, width, 3), bgr, np.uint8)


@pytest.fixture
def page(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    # Pages that are slow to take their leave would be cut off, and look for the session in vain.
    monkeypatch.setattr(local_server, "_END_S", WAIT_S)
    browser.get("about:blank")
    browser.get_log("browser")
    yield browser
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


def text(page: Any, name: str) -> str:
    return str(page.find_element("id", name).text)


def test_it_shows_pictures_and_readings_as_they_come(page: Any) -> None:
    with BrowserView() as view:
        page.get(view.url)
        wait(lambda: text(page, "status") == "live")
        assert text(page, "nobody") == "No face yet."
        view.show(frame((0, 0, 220)), readings_json([reading("happy")]))
        wait(lambda: "happy, 76 %" in text(page, "faces"))
        width, height, red, green, blue, _ = page.execute_script(DRAWN)
        assert (width, height) == (200, 120)
        assert red > 200
        assert green < 30
        assert blue < 30
        view.show(frame((220, 0, 0), 90, 90), readings_json([reading("sad"), reading("fear", 4)]))
        wait(lambda: "sad, 76 %" in text(page, "faces") and "face 4" in text(page, "faces"))
        width, height, red, green, blue, _ = page.execute_script(DRAWN)
        assert (width, height) == (90, 90)
        assert blue > 200
        label = page.find_element("id", "picture").get_attribute("aria-label")
        assert label == "camera picture: face 0: sad, face 4: fear"
        view.show(frame((0, 220, 0)), readings_json([], notice="camera lost: trying again"))
        wait(lambda: text(page, "notice") == "camera lost: trying again")
        assert text(page, "faces") == ""


def test_buttons_of_a_guided_session_reach_it(page: Any) -> None:
    steps = GuidedSteps(("neutral", "tongue out"), reviews=True)
    with BrowserView() as view:
        page.get(view.url)
        view.show(frame((9, 9, 9)), readings_json([reading("sad")]))
        wait(lambda: "sad" in text(page, "faces"))
        assert not page.find_element("id", "keys").is_displayed()
        view.show(frame((9, 9, 9)), page_state(steps.prompt(0.0), steps))
        wait(lambda: len(page.find_elements("css selector", "#keys button")) == 5)
        assert "look neutral" in text(page, "notice")
        assert text(page, "nobody") == ""
        for button in page.find_elements("css selector", "#keys button"):
            if button.text in ("skip", "tongue out"):
                button.click()
        pressed: list[str] = []

        def are_pressed() -> bool:
            view.show(frame((9, 9, 9)), page_state(steps.prompt(0.0), steps))  # a session goes on
            pressed.extend(view.take_keys())
            return len(pressed) == 2

        wait(are_pressed)
        assert pressed == ["s", "2"]


def test_buttons_of_a_guided_session_need_no_scrolling_on_a_wide_screen(page: Any) -> None:
    steps = GuidedSteps(EMOTIONS, reviews=True)
    page.set_window_size(1200, 800)
    with BrowserView(title="emocam teach") as view:
        page.get(view.url)
        view.show(frame((9, 9, 9), 480, 640), page_state(steps.prompt(0.0), steps))
        wait(lambda: len(page.find_elements("css selector", "#keys button")) > len(EMOTIONS))
        lowest = "return Math.max(...[...document.querySelectorAll('#keys button')]" \
            ".map(one => one.getBoundingClientRect().bottom)) / innerHeight"  # fmt: skip
        assert page.execute_script(lowest) < 1
        assert page.title == "emocam teach"


def test_bars_are_as_long_as_the_probabilities(page: Any) -> None:
    with BrowserView() as view:
        page.get(view.url)
        view.show(frame((9, 9, 9)), readings_json([reading("disgust")]))
        wait(lambda: len(page.find_elements("css selector", ".track")) == len(EMOTIONS))
        for index, emotion in enumerate(EMOTIONS):
            track = page.find_elements("css selector", ".track")[index]
            share = track.find_element("css selector", "i").size["width"] / track.size["width"]
            assert share == pytest.approx(0.76 if emotion == "disgust" else 0.04, abs=0.02)


def test_pause_stops_the_picture_and_going_on_shows_the_newest(page: Any) -> None:
    with BrowserView() as view:
        page.get(view.url)
        view.show(frame((0, 0, 220)), readings_json([reading("happy")]))
        wait(lambda: "happy" in text(page, "faces"))
        page.find_element("id", "pause").click()
        assert text(page, "status") == "paused"
        view.show(frame((0, 0, 220)), readings_json([reading("fear")]))
        wait(lambda: not page.execute_script("return asked"))  # it came, and no more is asked for
        assert text(page, "faces").startswith("happy")
        view.show(frame((0, 0, 220)), readings_json([reading("sad")]))
        page.find_element("id", "pause").click()
        wait(lambda: text(page, "faces").startswith("sad"))


def test_a_lost_connection_is_said_and_taken_up_again(page: Any) -> None:
    with BrowserView() as view:
        page.get(view.url)
        view.show(frame((0, 0, 220)), readings_json([reading("happy")]))
        wait(lambda: text(page, "status") == "live")
        # Taken up again so soon that a look could miss that it was said.
        page.execute_script(
            "const status = document.getElementById('status'); window.said = [];"
            "new MutationObserver(() => said.push(status.textContent))"
            ".observe(status, {childList: true}); socket.close()"
        )
        wait(lambda: "connection lost, trying again" in page.execute_script("return said"))
        view.show(frame((0, 0, 220)), readings_json([reading("fear")]))
        wait(lambda: text(page, "status") == "live")
        view.show(frame((0, 0, 220)), readings_json([reading("sad")]))
        wait(lambda: text(page, "faces").startswith("sad"))
    wait(lambda: text(page, "status") == "the session has ended")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_hangs_over_the_side(page: Any, width: int) -> None:
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    with BrowserView() as view, ExitStack() as ending:
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        ending.callback(page.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        page.get(view.url)
        view.show(frame((0, 0, 220), 720, 1280), readings_json([reading("happy")]))
        wait(lambda: "happy" in text(page, "faces"))
        across = page.execute_script("return document.documentElement.scrollWidth")
        assert across <= width


def test_two_pages_at_once_on_another_name_of_this_computer(page: Any) -> None:
    with BrowserView() as view, ExitStack() as ending:
        page.get(view.url.replace(urlsplit(view.url).hostname or "", "localhost"))
        first = page.current_window_handle
        page.switch_to.new_window("window")
        ending.callback(page.switch_to.window, first)
        ending.callback(page.close)
        page.get(view.url)
        wait(lambda: view.clients == 2)
        view.show(frame((0, 0, 220)), readings_json([reading("surprise")]))
        wait(lambda: text(page, "faces").startswith("surprise"))
