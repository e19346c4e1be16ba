"""Photos read by a Dask cluster of real processes, and from a web server."""

from __future__ import annotations

import csv
import functools
import http.server
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emocam.errors import SetupError
from emocam.label import pool
from emocam.label.run import LabelOptions, LabelProgress, LabelResult, label_photos
from tests.waiting import WAIT_S

ROOT = Path(__file__).parent.parent.parent
Start = Callable[..., "subprocess.Popen[bytes]"]

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="Dask is not installed"
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Sixty photos, three of them with a face."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(57):
        noise = np.random.default_rng(number).integers(0, 255, (90, 120, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"n{number:02d}.jpg")
    for path in (ROOT / "samples" / "photos").glob("*.jpg"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `dask ARGUMENTS…`, ended with the test."""
    with ExitStack() as stack:

        def run(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((tmp_path / "dask.log").open("ab"))
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield run


def scheduler(start: Start, folder: Path) -> str:
    """Address of a new scheduler that gives up on a photo at the second worker that dies."""
    place = folder / "scheduler.json"
    start(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", str(place), DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
    )  # fmt: skip
    end_s = time.monotonic() + WAIT_S
    while True:
        # It appears with the scheduler, empty at first.
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return str(json.loads(place.read_text())["address"])
        assert time.monotonic() < end_s, "the scheduler does not come"
        time.sleep(0.05)


def worker(
    start: Start, address: str, *options: str, **environment: str
) -> subprocess.Popen[bytes]:
    return start("worker", address, "--nthreads", "1", "--no-dashboard", *options, **environment)


def label(
    photos: Path, output: Path, address: str | None, progress=lambda now: None
) -> LabelResult:
    options = LabelOptions(output, scheduler=address)
    return label_photos([str(photos)], options, progress)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@needs_dask
def test_workers_come_and_die_and_the_table_is_the_same(
    photos: Path, tmp_path: Path, start: Start, in_this_process: None
) -> None:
    address = scheduler(start, tmp_path)
    first = worker(start, address, "--no-nanny")
    worker(start, address, "--no-nanny")
    met: list[int] = []

    def kill_one(now: LabelProgress) -> None:
        if not met:
            first.kill()
            worker(start, address, "--no-nanny")
        met.append(now.finished)

    result = label(photos, tmp_path / "cluster.csv", address, kill_one)
    assert result.read == 60
    assert met[0] < 60  # it died on the way
    label(photos, tmp_path / "here.csv", None)
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


@needs_dask
def test_a_photo_that_kills_workers_is_named_and_the_others_are_read(
    photos: Path, tmp_path: Path, start: Start
) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import os, numpy, cv2\n"
        "from PIL import Image\n"
        "real = cv2.imdecode\n"
        "def imdecode(data, flags):\n"
        "    if b'CRASH' in bytes(data[-16:]): os.abort()\n"
        "    return real(data, flags)\n"
        "cv2.imdecode = imdecode\n"
    )
    for path in photos.glob("n[1-5]*.jpg"):
        path.unlink()
    with (photos / "n07.jpg").open("ab") as file:
        file.write(b"CRASH")
    address = scheduler(start, tmp_path)
    for _ in range(2):
        worker(start, address, PYTHONPATH=f"{hook}{os.pathsep}{ROOT}")
    result = label(photos, tmp_path / "t.csv", address)
    assert result.statuses == {"no_face": 9, "ok": 3, "unreadable": 1}
    [bad] = [row for row in rows(tmp_path / "t.csv") if row["status"] == "unreadable"]
    assert (Path(bad["source"]).name, bad["reason"]) == ("n07.jpg", "the reader crashed on it")


@needs_dask
def test_no_scheduler_is_said(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_SCHEDULER_WAIT_S", 0.5)
    with pytest.raises(SetupError, match="no Dask scheduler answers"):
        label(photos, tmp_path / "t.csv", "tcp://127.0.0.1:1")


@pytest.fixture
def server(photos: Path) -> Iterator[str]:
    """Address of a web server that shows the photos' folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(photos))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}"
        finally:
            running.shutdown()
            thread.join()


def test_photos_of_a_web_server(photos: Path, tmp_path: Path, server: str) -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    (photos / "no.jpg").write_text("no picture")
    for path in photos.glob("n[0-5]*.jpg"):
        path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "emocam", "label", f"{server}/",
         "-o", tmp_path / "t.csv", "--sort-into", tmp_path / "sorted"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    found = {row["source"].removeprefix(server): row["status"] for row in rows(tmp_path / "t.csv")}
    assert found == {
        "/astronaut.jpg": "ok", "/biden.jpg": "ok", "/obama.jpg": "ok", "/no.jpg": "unreadable",
    }  # fmt: skip
    copies = list((tmp_path / "sorted").rglob("obama.jpg"))
    assert [path.read_bytes() for path in copies] == [(photos / "obama.jpg").read_bytes()]


def test_photos_in_memory(tmp_path: Path, in_this_process: None) -> None:
    fsspec = pytest.importorskip("fsspec")
    data = (ROOT / "samples" / "photos" / "obama.jpg").read_bytes()
    with fsspec.open("memory://album/deep/a.jpg", "wb") as file:
        file.write(data)
    options = LabelOptions(tmp_path / "t.csv", annotated=tmp_path / "boxes")
    result = label_photos(["memory://album"], options, lambda now: None)
    assert result.statuses == {"ok": 1}
    assert [path.name for path in (tmp_path / "boxes").rglob("*.jpg")] == ["a.jpg"]
    again = label_photos(["memory://album"], options, lambda now: None)
    assert again.read == 0
