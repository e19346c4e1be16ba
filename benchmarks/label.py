"""Figures of `emocam label`: speed, memory, and runs that are killed.

    python benchmarks/label.py speed               photos a second, by stage and by cores
    python benchmarks/label.py memory --photos 100000
    python benchmarks/label.py kills --times 100   kill -9 at a random moment, resume, compare

Photos are made from `samples/photos`: 1920×1300 with four faces, 640×480 with one. Times are
those of the processor (user and system, workers included) beside those of the clock, since other
programs may be at work; photos a second on idle cores follow from the former.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import measuring
from measuring import ROOT, timed_ms
from media import make_photos, make_tiny_photos

KINDS = {"1920×1300, 4 faces": ((1920, 1300), 4), "640×480, 1 face": ((640, 480), 1)}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "emocam", "label", *map(str, arguments), "--json"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(*arguments: object) -> tuple[dict[str, object], float, float]:
    """What a run printed, its seconds by the clock, and those of the processor."""
    with tempfile.TemporaryFile() as said:
        took = measuring.run(command(*arguments), stdout=said.fileno())
        said.seek(0)
        return json.loads(said.read()), took.wall_s, took.cpu_s


def stages(folder: Path) -> dict[str, float]:
    """Processor milliseconds a photo, stage by stage, on one core."""
    import cv2
    import numpy as np
    from threadpoolctl import threadpool_limits

    from emocam.detection.crop import crop_faces
    from emocam.io.decode import decode_gray
    from emocam.io.photos import read_bytes
    from emocam.recognition.recognizer import EmotionRecognizer

    cv2.setNumThreads(1)
    threadpool_limits(1)
    recognizer = EmotionRecognizer.load()
    totals: dict[str, list[float]] = {"read": [], "decode": [], "find faces": [], "recognise": []}
    for path in sorted(folder.iterdir())[:9]:
        data = read_bytes(str(path))
        image = decode_gray(data, min_side=1200).image_gray
        faces = recognizer.detector.detect(image)
        actions: dict[str, Callable[[], object]] = {
            "read": lambda path=path: read_bytes(str(path)),
            "decode": lambda data=data: decode_gray(data, min_side=1200),
            "find faces": lambda image=image: recognizer.detector.detect(image),
            "recognise": lambda image=image, faces=faces: recognizer.predict_crops(
                np.stack(crop_faces(image, faces, recognizer.model.size))
            ),
        }
        for name, action in actions.items():
            totals[name].append(timed_ms(action, 5)[0])
    return {name: statistics.median(values) for name, values in totals.items()}


def speed(folder: Path, count: int) -> None:
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, (size_wh, faces) in KINDS.items():
        photos = make_photos(folder / f"{size_wh[0]}", size_wh, faces, count)
        print(f"\n{name}: {count} photos")
        parts = stages(photos)
        print("  " + ", ".join(f"{part} {ms:.1f} ms" for part, ms in parts.items()), end="")
        print(f"; together {sum(parts.values()):.1f} ms of one core")
        clock = {}
        for jobs in (1, 2):
            empty = make_photos(folder / "one", (64, 64), 0, 1)
            _, wall_0, busy_0 = run(
                empty, "-o", folder / f"e{size_wh[0]}{jobs}.csv", "--jobs", jobs
            )
            said, wall, busy = run(
                photos, "-o", folder / f"{size_wh[0]}-{jobs}.csv", "--jobs", jobs
            )
            clock[jobs] = wall - wall_0
            each = (busy - busy_0) / count
            print(
                f"  --jobs {jobs}: {count / clock[jobs]:.1f} photos/s by the clock, "
                f"{1000 * each:.1f} ms of processor a photo = {jobs / each:.1f}/s on {jobs} idle "
                f"cores; {said['faces']} faces; start {wall_0:.1f} s"
            )
        print(f"  second core's gain by the clock: {clock[1] / clock[2]:.2f}×")


def peak_mb(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Highest resident memory in MB of a process, and of any of its workers, until it ends."""
    own, workers = 0.0, {0: 0.0}
    while process.poll() is None:
        own = max(own, _high_water(process.pid))
        # The last look counts: a process that is just being forked shows its parent's memory.
        workers.update(
            {pid: _high_water(pid) or workers.get(pid, 0.0) for pid in _children(process.pid)}
        )
        time.sleep(0.2)
    return own, max(workers.values())


def _high_water(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _children(pid: int) -> list[int]:
    """All processes below one: workers are forked by a process of the run's."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [one for child in map(int, text.split()) for one in (child, *_children(child))]


def memory(folder: Path, count: int) -> None:
    peaks = {}
    for photos in (100, count):
        album = make_tiny_photos(folder / f"small{photos}", photos)
        start = time.monotonic()
        output = folder / f"small{photos}.csv"
        process = subprocess.Popen(
            command(album, "-o", output, "--jobs", 2), env=environment(), stdout=subprocess.PIPE
        )
        peaks[photos] = peak_mb(process)
        said = json.loads(process.stdout.read() if process.stdout else b"")
        print(
            f"{photos} photos: {said['statuses']}, {time.monotonic() - start:.0f} s, peak "
            f"{peaks[photos][0]:.0f} MB, a worker {peaks[photos][1]:.0f} MB"
        )
    for name, at in (("the run itself", 0), ("its workers", 1)):
        print(f"{name}: {100 * (peaks[count][at] / peaks[100][at] - 1):+.1f} %")


def kills(folder: Path, times: int) -> None:
    """Killed at a random moment, started again with the same command, compared byte by byte."""
    album = make_photos(folder / "album", (240, 180), 1, 40)
    (album / "no.jpg").write_text("not a picture")
    whole = folder / "whole.csv"
    _, lasts, _ = run(album, "-o", whole, "--jobs", 2)
    same, on_the_way = 0, 0
    for turn in range(times):
        output = folder / f"{turn}.csv"
        process = subprocess.Popen(
            command(album, "-o", output, "--jobs", 2), env=environment(), stdout=subprocess.DEVNULL
        )
        time.sleep(random.uniform(0, lasts))
        on_the_way += process.poll() is None
        process.kill()
        process.wait()
        run(album, "-o", output, "--jobs", 1)  # another number of processes must not show
        same += output.exists() and output.read_bytes() == whole.read_bytes()
        print(f"\r{turn + 1} of {times}: {same} identical, {on_the_way} killed on the way", end="")
        for left in folder.glob(f"{turn}.csv*"):
            left.unlink()
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=["speed", "memory", "kills"])
    parser.add_argument("--photos", type=int)
    parser.add_argument("--times", type=int, default=100)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="emocam-label-"))
    try:
        if chosen.what == "speed":
            speed(folder, chosen.photos or 60)
        elif chosen.what == "memory":
            memory(folder, chosen.photos or 100_000)
        else:
            kills(folder, chosen.times)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
