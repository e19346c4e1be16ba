"""Makes the pictures of the documentation out of the samples.

    python docs/make_pictures.py

Needs Chromium, chromedriver and the extra `dev`. Run it again when the default model changes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
from PIL import Image
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[1]
CLIP = ROOT / "samples" / "webcam.mp4"
IMAGES = ROOT / "docs" / "images"
WINDOW_FRAME = 330
MOVING_FROM, MOVING_TO, MOVING_STEP = 0, 375, 3
MOVING_WIDTH = 560
PAGE_WH = (1280, 800)
PAGE_AFTER_S = 8.0
REPORT_WH = (900, 1190)
REPORT_AFTER_S = 3.0
STUDY_WH = (1000, 1500)


def main() -> None:
    make_film_pictures()
    make_page_picture()
    make_report_picture()
    make_study_picture()


def make_film_pictures() -> None:
    """The film of the sample clip, moving and as a still, with bars and strip."""
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.mp4"
        scale_clip(large, 800, 600)
        command = [sys.executable, "-m", "emocam", "video", str(large), "--film"]
        subprocess.run([*command, "--output", f"{folder}/out"], check=True, cwd=ROOT)
        film = cv2.VideoCapture(f"{folder}/out/large.mp4")
        pictures = []
        while True:
            is_there, picture = film.read()
            if not is_there:
                break
            pictures.append(picture)
    save(pictures[WINDOW_FRAME], IMAGES / "window.jpg")
    height, width = pictures[0].shape[:2]
    size_wh = MOVING_WIDTH, round(height * MOVING_WIDTH / width)
    moving = [
        Image.fromarray(
            cv2.cvtColor(cv2.resize(one, size_wh, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
        )
        for one in pictures[MOVING_FROM:MOVING_TO:MOVING_STEP]
    ]
    path = IMAGES / "film.webp"
    moving[0].save(
        path,
        save_all=True,
        append_images=moving[1:],
        duration=40 * MOVING_STEP,
        loop=0,
        quality=60,
        method=3,
    )
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


def make_page_picture() -> None:
    """The page of `emocam live --browser`."""
    command = [sys.executable, "-m", "emocam", "live", str(CLIP), "--realtime", "--browser"]
    session = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        address = find_address(session)
        with browser(PAGE_WH) as chrome:
            chrome.get(address)
            time.sleep(PAGE_AFTER_S)
            save_screenshot(chrome, IMAGES / "page.jpg")
    finally:
        session.terminate()
        session.wait()


def make_report_picture() -> None:
    """The report of `emocam video`, its film at the first frame."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "emocam", "video", str(CLIP), "--output", folder]
        subprocess.run(command, check=True, cwd=ROOT)
        with browser(REPORT_WH) as chrome:
            chrome.get((Path(folder) / f"{CLIP.stem}.html").as_uri())
            is_shown = "return document.querySelector('video').readyState >= 2"
            WebDriverWait(chrome, 60).until(lambda _: chrome.execute_script(is_shown))
            time.sleep(REPORT_AFTER_S)
            save_screenshot(chrome, IMAGES / "report.jpg")


def make_study_picture() -> None:
    """The page of `emocam study`, of the study that the benchmark makes up."""
    with tempfile.TemporaryDirectory() as folder:
        tables = f"{folder}/tables"
        code = "import sys, pathlib, study; study.write_study(pathlib.Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", code, tables], check=True, cwd=ROOT / "benchmarks")
        command = [sys.executable, "-m", "emocam", "study", tables, "--from-tables"]
        subprocess.run([*command, "--output", folder], check=True, cwd=ROOT)
        with browser(STUDY_WH) as chrome:
            chrome.get((Path(folder) / "study.html").as_uri())
            save_screenshot(chrome, IMAGES / "study.jpg")


@contextmanager
def browser(size_wh: tuple[int, int]) -> Iterator[webdriver.Chrome]:
    """Chromium whose page is of this size."""
    options = webdriver.ChromeOptions()
    width, height = size_wh
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    chrome = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    page = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", page)
    yield chrome
    chrome.quit()


def save_screenshot(chrome: webdriver.Chrome, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        chrome.save_screenshot(f"{folder}/page.png")
        save(cv2.imread(f"{folder}/page.png"), path)


def find_address(session: subprocess.Popen[str]) -> str:
    assert session.stdout is not None
    for line in session.stdout:
        found = re.search(r"http://\S+", line)
        if found:
            return found.group()
    raise SystemExit("the session told no address")


def scale_clip(path: Path, width: int, height: int) -> None:
    command = ["ffmpeg", "-v", "error", "-i", str(CLIP), "-vf", f"scale={width}:{height}"]
    subprocess.run([*command, "-crf", "16", str(path)], check=True)


def save(picture: cv2.typing.MatLike, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
