"""The programs in examples/, run as their first lines say."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.clips import write_clip
from tests.conftest import SAMPLES
from tests.waiting import WAIT_S

ROOT = SAMPLES.parent
EXAMPLES = ROOT / "examples"
CLIP = SAMPLES / "webcam.mp4"
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.py"))

# Shows the window until it shows a face or a message, then takes its picture and closes it.
DRIVER = """
import sys, time
sys.path.insert(0, "examples")
from pyside_window import QApplication, Window
application = QApplication([])
window = Window(sys.argv[1])
window.show()
end_s = time.monotonic() + 100
while not (window.windowTitle().startswith("face") or window.text()) and time.monotonic() < end_s:
    application.processEvents()
    time.sleep(0.01)
print(window.text() or window.windowTitle())
window.grab().save(sys.argv[2])
window.close()
"""


def needs(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")


def started(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True,
        timeout=WAIT_S, check=False, env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def run(*arguments: object, **environment: str) -> str:
    done = started(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_is_short_and_listed(name: str):
    assert len((EXAMPLES / name).read_text().splitlines()) < 70
    assert f"[{name}]({name})" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_tells_its_usage_where_arguments_lack(name: str):
    needs(*{"fastapi_service.py": ["fastapi"], "pyside_window.py": ["PySide6"]}.get(name, []))
    needs(*["pandas"] * (name == "dataframe_study.py"))
    done = started(f"examples/{name}")
    assert done.returncode == 1
    assert done.stderr.startswith("usage: ")
    assert name.removesuffix(".py") in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_loop_of_ones_own(tmp_path: Path):
    film = tmp_path / "film.mp4"
    assert "face 0: " in run("examples/own_loop.py", CLIP, film)
    made, given = cv2.VideoCapture(str(film)), cv2.VideoCapture(str(CLIP))
    assert made.get(cv2.CAP_PROP_FRAME_COUNT) == given.get(cv2.CAP_PROP_FRAME_COUNT)
    drawn, plain = made.read()[1], given.read()[1]
    for _ in range(20):
        drawn, plain = made.read()[1], given.read()[1]
    assert cv2.absdiff(drawn, plain).max() > 100
    made.release()
    given.release()


def test_what_cant_be_read_is_one_line(tmp_path: Path):
    plain = write_clip(tmp_path / "plain.avi", 5)
    asked = {
        ("own_loop.py", "absent.mp4"): "absent.mp4 can't be opened",
        ("own_loop.py", CLIP, tmp_path / "absent/film.mp4"): "can't be written",
    }
    if importlib.util.find_spec("pandas"):
        asked["dataframe_study.py", tmp_path, "absent.mp4"] = "there is no video file absent.mp4"
        asked["dataframe_study.py", tmp_path, plain] = "no face is seen in these clips"
    for (name, *arguments), expected in asked.items():
        done = started(f"examples/{name}", *arguments)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert expected in done.stderr


def test_the_web_service():
    needs("fastapi", "httpx")
    code = """
import json, sys
sys.path.insert(0, "examples")
from fastapi.testclient import TestClient
import fastapi_service
client = TestClient(fastapi_service.app)
photo = open("samples/photos/obama.jpg", "rb").read()
good = client.post("/read", content=photo)
bad = client.post("/read", content=b"no picture")
empty = client.post("/read", content=b"")
fastapi_service.MOST_BYTES = 10
large = client.post("/read", content=photo)
print(json.dumps([good.json(), [r.status_code for r in (good, bad, empty, large)]]))
"""
    answer, codes = json.loads(run("-c", code))
    assert codes == [200, 415, 415, 413]
    (face,) = answer["faces"]
    assert (face["emotion"], face["status"]) == ("happy", "ok")


def test_the_window(tmp_path: Path):
    needs("PySide6")
    picture = tmp_path / "window.png"
    said = run("-c", DRIVER, CLIP, picture, QT_QPA_PLATFORM="offscreen")
    assert said.startswith("face 0: ")
    shown = cv2.imread(str(picture))
    assert shown.shape[0] >= 300
    assert shown.std() > 20


def test_the_window_says_what_cant_be_read(tmp_path: Path):
    needs("PySide6")
    picture = tmp_path / "window.png"
    said = run("-c", DRIVER, "absent.mp4", picture, QT_QPA_PLATFORM="offscreen")
    assert said.startswith("'absent.mp4' is no camera")


def test_the_notebook():
    needs("nbclient", "ipykernel", "pandas")
    code = """
import nbformat, nbclient, json
notebook = nbformat.read("examples/notebook.ipynb", 4)
nbclient.NotebookClient(notebook, timeout=900).execute()
outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
kinds = sorted({kind for o in outputs for kind in o.get("data", {})})
lines = sum(len(c.source.splitlines()) for c in notebook.cells)
htmls = "".join(o["data"].get("text/html", "") for o in outputs if "data" in o)
print(json.dumps([kinds, lines, "happy" in htmls]))
"""
    kinds, lines, says_happy = json.loads(run("-W", "ignore", "-c", code))
    assert {"image/png", "text/html"} <= set(kinds)
    assert lines < 60
    assert says_happy


def test_the_study_in_a_data_frame(tmp_path: Path):
    needs("pandas")
    said = run("examples/dataframe_study.py", tmp_path / "results", CLIP)
    assert "frames with a face" in said
    assert (tmp_path / "results" / "readings.csv").read_text().startswith("source,frame,time_s")
    assert cv2.imread(str(tmp_path / "results" / "course.png")).shape == (400, 900, 3)
