"""A live session beside a camera that misbehaves on a schedule, for hours; by hand.

    python tests/robustness/soak.py --hours 1 --output soak

Samples memory, open files, threads and the age of what is read, and draws them over time. Ends with
exit code 1 when the session ended early, said something unexpected, lost a row of its log, or grew.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.loopback_camera import LoopbackCamera, sample_pictures

mpl.use("Agg")
import matplotlib.pyplot as plt

_SAMPLE_S = 5.0
_GOOD_S, _BAD_S = 15.0, 4.0
_SCHEDULE = ("drop", "freeze", "garbage", "half", "refuse", "size", "repeat")
_GROWTH = 1.10  # of the median memory, from the second to the last quarter
_AGE = re.compile(r"(\d+) ms old")


def misbehave(camera: LoopbackCamera, ending: threading.Event, counts: dict[str, int]) -> None:
    """Good for a while, then one fault after another."""
    turn = 0
    while not ending.wait(_GOOD_S):
        fault = _SCHEDULE[turn % len(_SCHEDULE)]
        counts[fault] = counts.get(fault, 0) + 1
        turn += 1
        if fault == "size":
            camera.size_wh = (320, 240) if camera.size_wh == (640, 480) else (640, 480)
            continue
        camera.set_fault(fault)
        ending.wait(_BAD_S + (5 if fault == "repeat" else 0))
        camera.set_fault("")


def usage(pid: int) -> tuple[float, int, int]:
    """Resident memory in MB, open files, threads."""
    status = Path(f"/proc/{pid}/status").read_text()
    memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
    threads = int(re.search(r"Threads:\s+(\d+)", status)[1])  # type: ignore[index]
    return memory, len(list(Path(f"/proc/{pid}/fd").iterdir())), threads


def run(hours: float, folder: Path) -> list[str]:
    """Run the session; what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    seconds, counts, ending = hours * 3600, dict[str, int](), threading.Event()
    samples: list[tuple[float, float, int, int, float]] = []
    ages: list[float] = []
    with LoopbackCamera(sample_pictures(), (640, 480), 15) as camera:
        command = [
            sys.executable, "-m", "emocam", "live", camera.url, "--no-window", "--force",
            "--log", str(folder / "soak.csv"), "--duration", str(seconds),
        ]  # fmt: skip
        with (folder / "stderr.txt").open("w") as errors:
            session = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        threading.Thread(target=misbehave, args=(camera, ending, counts), daemon=True).start()
        threading.Thread(target=_follow, args=(session, ages, folder), daemon=True).start()
        start = time.monotonic()
        while session.poll() is None and time.monotonic() - start < seconds + 60:
            time.sleep(_SAMPLE_S)
            if session.poll() is None:
                age = ages[-1] if ages else 0.0
                samples.append((time.monotonic() - start, *usage(session.pid), age))
        ending.set()
    if session.poll() is None:
        session.kill()
    lasted_s = time.monotonic() - start
    draw(samples, folder / "soak.png")
    with (folder / "samples.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("s", "mb", "files", "threads", "age_ms"), *samples])
    faults = judge(samples, session.wait(), lasted_s, seconds, folder)
    print(f"{lasted_s / 3600:.2f} h; faults of the camera: {counts}; {len(samples)} samples")
    print(_figures(samples))
    return faults


def _follow(session: subprocess.Popen[str], ages: list[float], folder: Path) -> None:
    assert session.stdout is not None
    with (folder / "stdout.txt").open("w") as copy:
        for line in session.stdout:
            copy.write(line)
            found = _AGE.search(line)
            if found:
                ages.append(float(found[1]))


def _figures(samples: list[tuple[float, float, int, int, float]]) -> str:
    parts = []
    for column, name in ((1, "MB"), (2, "open files"), (3, "threads")):
        values = [sample[column] for sample in samples[2:]]
        parts.append(f"{name} {min(values):.0f} to {max(values):.0f}, at the end {values[-1]:.0f}")
    return "; ".join(parts)


def judge(
    samples: list[tuple[float, float, int, int, float]],
    code: int,
    lasted_s: float,
    seconds: float,
    folder: Path,
) -> list[str]:
    """What went wrong, a line each."""
    wrong = []
    if code or lasted_s < seconds:
        wrong.append(f"ended with exit code {code} after {lasted_s:.0f} of {seconds:.0f} s")
    said = (folder / "stderr.txt").read_text()
    if "Traceback" in said or "unexpected" in said:
        wrong.append("said something unexpected: stderr.txt")
    with (folder / "soak.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    frames = [int(row["frame"]) for row in rows if row["status"] == "ok" and row["face"] == "0"]
    if not rows or any(None in row or None in row.values() for row in rows):
        wrong.append("rows of the log are broken")
    if frames != sorted(frames):
        wrong.append("frames of the log go back")
    quarter = len(samples) // 4
    if quarter >= 4:
        for column, name in ((1, "memory"), (2, "open files"), (3, "threads")):
            early = sorted(one[column] for one in samples[quarter : 2 * quarter])[quarter // 2]
            late = sorted(one[column] for one in samples[-quarter:])[quarter // 2]
            if late > _GROWTH * early + (0 if column == 1 else 2):
                wrong.append(f"{name} grew from {early:.0f} to {late:.0f}")
    print(f"{len(rows)} rows of the log")
    return wrong


def draw(samples: list[tuple[float, float, int, int, float]], path: Path) -> None:
    """Memory, open files, threads and age over the minutes."""
    figure, axes = plt.subplots(4, 1, sharex=True, figsize=(8, 8), layout="constrained")
    minutes = [sample[0] / 60 for sample in samples]
    names = ("memory in MB", "open files", "threads", "age of a reading in ms")
    for axis, column, name in zip(axes, range(1, 5), names, strict=True):
        axis.plot(minutes, [sample[column] for sample in samples], linewidth=1)
        axis.set_ylabel(name)
        axis.set_ylim(bottom=0)
    axes[-1].set_xlabel("minutes")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--output", type=Path, default=Path("soak"))
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    wrong = run(chosen.hours, chosen.output)
    for line in wrong:
        print(f"WRONG: {line}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
