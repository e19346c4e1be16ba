"""The report of a clip in a real browser: what can be seen, clicked and reached by keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emocam.io.video_writer import FilmRecorder
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS, UNSURE
from emocam.types import Face, Reading
from emocam.video.clip_report import ClipFacts, write_report
from emocam.video.clip_summary import ClipSummary
from tests.web.conftest import wait

pytestmark = pytest.mark.web

CARD = {"recipe": "words", "date": "2026-11-22", "training": {"faces": 28709, "seed": 0}}
SECONDS, FPS = 20, 10


def reading(face: int, emotion: str, certainty: float = 0.7) -> Reading:
    rest = (1 - certainty) / 6
    odds = tuple(certainty if label == emotion else rest for label in EMOTIONS)
    return Reading(Face((40, 30, 80, 70), 0.9, face), emotion, certainty, 0, odds, EMOTIONS)


def readings_at(time_s: float) -> list[Reading]:
    """Face 0 is happy for 10 s, then surprised; face 1 comes and goes; nobody from 14 to 16 s."""
    if 14 <= time_s < 16:
        return []
    first = reading(0, "happy", 0.8) if time_s < 10 else reading(0, "surprise", 0.6)
    return [first, reading(1, "sad")] if 5 <= time_s < 8 or time_s >= 18 else [first]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A report and its film."""
    place = tmp_path_factory.mktemp("report")
    summary = ClipSummary(EMOTIONS)
    times = [index / FPS for index in range(SECONDS * FPS)]
    for time_s in times:
        picture = np.full((100, 120, 3), int(10 * time_s), np.uint8)
        summary.add(FrameReadings(tuple(readings_at(time_s)), time_s=time_s), picture)
    summary.finish()
    film = "a film & more.mp4"
    with FilmRecorder(place / film, (120, 100), fps=FPS) as recorder:
        for time_s in times:
            recorder.write(np.full((100, 120, 3), 90, np.uint8), time_s)
    facts = ClipFacts(Path("clips/<a> & b.mp4"), (120, 100), FPS, len(times), "", False, 4.0, 0.0)
    write_report(place / "report.html", summary, facts, CARD, film)
    return place


@contextmanager
def opened(browser: Any, folder: Path, width: int) -> Iterator[Any]:
    """The report in a window of this width; nothing may be logged as wrong."""
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.get((folder / "report.html").as_uri())
        yield browser
        assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def film_time(browser: Any) -> float:
    return float(browser.execute_script("return document.querySelector('video').currentTime"))


def pointer(browser: Any, kind: str, share: float, plot: int = 0) -> None:
    """Move the mouse over a timeline, or click there."""
    box = browser.execute_script(
        "const p = document.querySelectorAll('.plot')[arguments[0]];"
        "p.scrollIntoView({block: 'center'});"
        "const r = p.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]",
        plot,
    )
    where = {"x": box[0] + share * box[2], "y": box[1] + box[3] / 2}
    kinds = ["mouseMoved"] + (["mousePressed", "mouseReleased"] if kind == "click" else [])
    for one in kinds:
        browser.execute_cdp_cmd(
            "Input.dispatchMouseEvent", {"type": one, "button": "left", "clickCount": 1, **where}
        )


def values(browser: Any, plot: int = 0) -> dict[str, str]:
    rows = browser.find_elements("css selector", ".timeline ul")[plot].find_elements(
        "css selector", "li:not(.said)"
    )
    return dict(row.text.split() for row in rows)


def test_on_a_wide_page_the_film_stands_large_beside_the_faces(browser, folder):
    with opened(browser, folder, 1920) as page:
        film = page.find_element("css selector", ".film video").rect
        face = page.find_element("css selector", ".person").rect
        assert film["width"] > 800
        assert face["x"] > film["x"] + film["width"]
        assert page.execute_script("return document.documentElement.scrollWidth") <= 1920


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_fits_and_nothing_hangs_over(browser, folder, width):
    with opened(browser, folder, width) as page:
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        text = page.find_element("tag name", "body").text
        for words in (
            "<a> & b.mp4",
            "Face 0",
            "Face 1",
            "0:13.9",
            "2 faces",
            "Model card: recipe w",
        ):
            assert words in text
        plots = page.find_elements("css selector", ".plot")
        widths = [plot.size["width"] for plot in plots]
        assert all(one > 0.5 * min(width, 1100) for one in widths)


def test_hover_gives_the_values_of_that_moment(browser, folder):
    with opened(browser, folder, 1280) as page:
        means = values(page)
        pointer(page, "move", 0.25)
        wait(lambda: values(page)["happy"] == "80%")
        assert values(page)["surprise"] == "3%"
        pointer(page, "move", 0.6)
        wait(lambda: values(page)["surprise"] == "60%")
        pointer(page, "move", 0.75)  # nobody is there
        wait(lambda: set(values(page).values()) == {"–"})
        page.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 2, "y": 2})
        wait(lambda: values(page) == means)


def test_a_click_jumps_the_film(browser, folder):
    with opened(browser, folder, 1280) as page:
        wait(lambda: page.execute_script("return document.querySelector('video').readyState") >= 1)
        pointer(page, "click", 0.6)
        wait(lambda: film_time(page) == pytest.approx(12, abs=0.2))
        button = page.find_element("css selector", "[data-jump]")
        page.execute_script("arguments[0].click()", button)
        wait(lambda: film_time(page) == pytest.approx(0, abs=0.2))


def test_all_of_it_can_be_done_with_keys(browser, folder):
    from selenium.webdriver.common.keys import Keys

    with opened(browser, folder, 1280) as page:
        wait(lambda: page.execute_script("return document.querySelector('video').readyState") >= 1)
        for _ in range(20):
            page.switch_to.active_element.send_keys(Keys.TAB)
            if page.switch_to.active_element.get_attribute("role") == "slider":
                break
        plot = page.switch_to.active_element
        assert plot.get_attribute("role") == "slider"
        plot.send_keys(Keys.END)
        plot.send_keys(Keys.ARROW_LEFT * 5)
        assert float(plot.get_attribute("aria-valuenow")) == pytest.approx(19.4, abs=0.3)
        assert "surprise 60%" in plot.get_attribute("aria-valuetext")
        plot.send_keys(Keys.ENTER)
        wait(lambda: film_time(page) == pytest.approx(19.4, abs=0.3))


def test_it_reads_without_scripts(browser, folder):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        with opened(browser, folder, 1280) as page:
            text = page.find_element("tag name", "body").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "Shares of time: happy 5" in text
    assert "Hover" not in text
    assert "Clearest moments" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_light_and_dark(browser, folder, scheme):
    feature = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
    with opened(browser, folder, 1280) as page:
        paper = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    bright = sum(int(part) for part in paper.strip("rgb()").split(",")) > 3 * 128
    assert bright == (scheme == "light")


def test_the_page_fetches_nothing_but_the_film(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert "<a>" not in text.replace("&lt;a&gt;", "")
    assert text.count("a%20film%20%26%20more.mp4") == 2
    assert UNSURE not in text
