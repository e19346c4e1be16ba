"""The page of a study in a real browser: on a phone, on paper, and with its films."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emocam.io.video_writer import FilmRecorder
from emocam.study.analysis import analyse
from emocam.study.segments import Segment
from emocam.study.study_page import write_page
from emocam.study.timelines import condition_bands
from tests.study.made_up import session_of, share_frames, study_of
from tests.web.conftest import wait

pytestmark = pytest.mark.web

PEOPLE, SECONDS = 20, 60


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """Forty sessions of a minute with two segments; the first with a film."""
    rng = np.random.default_rng(1)
    folder = tmp_path_factory.mktemp("study")
    segments = [Segment("question", 0, 20), Segment("<answer> & more", 20, SECONDS)]
    sessions = [
        session_of(
            share_frames(rng, {"happy": share, "neutral": 0.8 - share, "sad": 0.2}, SECONDS),
            f"person {n:02d}", condition, segments,
        )
        for n in range(PEOPLE)
        for condition, share in (("calm", 0.1), ("a long condition's name", 0.5))
    ]  # fmt: skip
    with FilmRecorder(folder / "a film.mp4", (120, 100), fps=5) as recorder:
        for index in range(5 * SECONDS):
            recorder.write(np.full((100, 120, 3), 90, np.uint8), index / 5)
    sessions[0] = replace(sessions[0], film="a film.mp4")
    study = study_of(sessions)
    analysis = analyse(study)
    return write_page(folder / "study.html", study, analysis, condition_bands(analysis))


def resize(browser: Any, width: int, *, phone: bool) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": phone}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


@pytest.mark.parametrize(("width", "phone"), [(390, True), (1400, False)])
def test_nothing_is_wider_than_the_screen(browser, page: Path, width: int, phone: bool) -> None:
    resize(browser, width, phone=phone)
    browser.get(page.as_uri())
    script = "return [document.documentElement.scrollWidth, innerWidth]"
    wide, screen = browser.execute_script(script)
    assert wide <= screen == width
    # Tables scroll by themselves; everything else fits.
    script = """return [...document.querySelectorAll("main *:not(svg *)")]
        .filter(one => !one.closest(".scroll"))
        .filter(one => one.getBoundingClientRect().right > innerWidth)
        .map(one => one.outerHTML.slice(0, 80))"""
    assert browser.execute_script(script) == []
    assert not [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def test_forty_sessions_are_a_small_page(page: Path) -> None:
    assert page.stat().st_size < 6e6


def test_a_link_to_a_session_opens_it(browser, page: Path) -> None:
    browser.get(page.as_uri())
    assert not browser.execute_script("return document.getElementById('s3').open")
    browser.execute_script("document.querySelector('a[href=\"#s3\"]').click()")
    wait(lambda: browser.execute_script("return document.getElementById('s3').open"))


def test_a_click_on_a_timeline_shows_the_moment_in_the_film(browser, page: Path) -> None:
    resize(browser, 1000, phone=False)
    browser.get(page.as_uri() + "#s0")
    wait(lambda: browser.execute_script("return document.getElementById('s0').open"))
    browser.execute_script(
        """const plot = document.querySelector("#s0 .plot"), area = plot.getBoundingClientRect();
        plot.dispatchEvent(new MouseEvent("click", {bubbles: true, clientY: area.top + 5,
          clientX: area.left + area.width / 2}));"""
    )
    film = "document.querySelector('#s0 video')"
    wait(lambda: abs(browser.execute_script(f"return {film}.currentTime") - SECONDS / 2) < 1)


def test_on_paper_every_session_is_open(browser, page: Path) -> None:
    browser.get(page.as_uri())
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    # Forty open sessions need more pages than forty closed ones would.
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") > 8
    assert not browser.execute_script("return document.getElementById('s3').open")


def test_names_are_shown_as_they_are(browser, page: Path) -> None:
    browser.get(page.as_uri())
    heads = browser.execute_script(
        "return [...document.querySelectorAll('#segments th')].map(one => one.textContent)"
    )
    assert "<answer> & more" in heads
