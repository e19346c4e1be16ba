"""Figures of the live session, on a network camera on loopback that stamps its frames.

    python benchmarks/live.py window          # frames a second, age of drawn frames, first picture
    python benchmarks/live.py window --fps 60
    python benchmarks/live.py window --tile 2 --size 800x600     # four faces
    python benchmarks/live.py reconnects      # 100 forced faults
    python benchmarks/live.py memory          # 30 minutes
    python benchmarks/live.py switches --clip FILE          # label switches, smoothed and raw
    python benchmarks/live.py calibration --clip FILE --neutral 0-3 --resting 18-22,24-31

The camera is a process of its own; so is the session, in a real window (under Xvfb where there is
no display). `switches` and `calibration` read every frame of a clip, one after the other, at its
own times. Each prints one JSON object. Needs a checkout, since the camera is that of the tests.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))
SAMPLE = ROOT / "samples" / "webcam.mp4"
_MB = 1 << 20


@contextmanager
def loopback(clip: Path, size: str, fps: float, tile: int) -> Iterator[str]:
    """Address of a camera in a process of its own."""
    command = [sys.executable, str(ROOT / "tests" / "loopback_camera.py"), "--clip", str(clip)]
    with subprocess.Popen(
        [*command, "--size", size, "--fps", str(fps), "--tile", str(tile)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def display() -> Iterator[None]:
    """A display for the window: the one there is, or an Xvfb."""
    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        yield
        return
    if shutil.which("Xvfb") is None:
        sys.exit("needs a display, or Xvfb: sudo apt install xvfb")
    read, write = os.pipe()
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24"],
        pass_fds=[write], stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        os.close(write)
        with os.fdopen(read) as pipe:
            os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
        try:
            yield
        finally:
            del os.environ["DISPLAY"]
            server.terminate()


def in_a_child(*arguments: str) -> dict[str, Any]:
    """Run one session in a process of its own; what it measured."""
    command = [sys.executable, __file__, "_session", *arguments, "--born", str(time.monotonic())]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


class Quiet:
    """Takes the session's lines."""

    def line(self, text: str) -> None:
        pass

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)


class Watch:
    """What is drawn when, read from the frames' stamps."""

    def __init__(self, born: float) -> None:
        from emocam.live.session import LiveSession
        from emocam.live.view import LiveView
        from emocam.tracking.follower import Follower
        from tests.loopback_camera import clock_ms, read_stamp

        self.born, self.first_s = born, 0.0
        self.drawn: list[tuple[int, int]] = []  # number of a frame, its age in ms when drawn
        self.readings_ms: list[int] = []
        stamps: dict[float, int] = {}
        show, read, session_show = LiveView.show, Follower.follow_frame, LiveSession._show

        def watched_show(view: LiveView, frame: Any, *rest: Any, **named: Any) -> str:
            key = show(view, frame, *rest, **named)
            self.first_s = self.first_s or time.monotonic() - self.born
            if named["is_new"]:
                stamp = read_stamp(frame.image_bgr)
                self.drawn.append((stamp.number, clock_ms() - stamp.time_ms))
            return key

        def watched_read(reader: Follower, frame: Any, *rest: Any) -> Any:
            stamps[frame.time_s] = read_stamp(frame.image_bgr).time_ms
            return read(reader, frame, *rest)

        def watched_session(session: LiveSession, **named: Any) -> str:
            undrawn = session._undrawn_s
            key = session_show(session, **named)
            if undrawn is not None:
                self.readings_ms.append(clock_ms() - stamps[undrawn])
                for old in [one for one in stamps if one <= undrawn]:
                    del stamps[old]
            return key

        LiveView.show = watched_show  # type: ignore[method-assign,assignment]
        Follower.follow_frame = watched_read  # type: ignore[method-assign]
        LiveSession._show = watched_session  # type: ignore[method-assign]


def session(chosen: argparse.Namespace) -> dict[str, Any]:
    """One session in this process, measured."""
    from emocam.io.address import parse_address
    from emocam.live.options import LiveOptions
    from emocam.live.run import run_live

    watch = Watch(chosen.born)
    options = LiveOptions(
        parse_address(chosen.url),
        model=chosen.model,
        duration_s=chosen.seconds,
        realtime="://" not in chosen.url,
        window=not chosen.no_window,
        raw=chosen.raw,
    )
    before = os.times()
    summary = run_live(options, Quiet())
    used = os.times()
    numbers = [number for number, _ in watch.drawn]
    ages = [age for _, age in watch.drawn] or [0]
    late = sum(b <= a for a, b in itertools.pairwise(numbers))
    cpu_s = used.user + used.system - before.user - before.system
    return {
        "seconds": round(summary.seconds, 1),
        "camera_fps": round(summary.frames / summary.seconds, 2),
        "drawn_fps": round(summary.drawn / summary.seconds, 2),
        "superseded": summary.frames - summary.drawn,
        "drawn_out_of_order": late,
        "frame_age_ms_p50_p95": [round(float(np.quantile(ages, q)), 1) for q in (0.5, 0.95)],
        "readings_per_s": round(summary.readings_per_second, 2),
        "capture_to_drawn_reading_ms_p50_p95": [
            round(float(np.quantile(watch.readings_ms or [0], q)), 1) for q in (0.5, 0.95)
        ],
        "first_picture_s": round(watch.first_s, 2),
        "switches_per_minute": round(summary.switches_per_minute, 2),
        "raw_switches_per_minute": round(summary.raw_switches_per_minute, 2),
        "faces": len(summary.emotions),
        "session_cpu_share": round(cpu_s / summary.seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "load_average": round(os.getloadavg()[0], 1),
    }


def window(chosen: argparse.Namespace) -> dict[str, Any]:
    """A session in a real window."""
    extra = ["--no-window"] if chosen.no_window else []
    with display(), loopback(chosen.clip, chosen.size, chosen.fps, chosen.tile) as url:
        return in_a_child(url, "--seconds", str(chosen.seconds), *_model(chosen), *extra)


def reconnects(chosen: argparse.Namespace) -> dict[str, Any]:
    """Force faults one after the other; count those after which pictures came again."""
    from emocam.io.address import parse_address
    from emocam.io.backends import quiet_opencv
    from emocam.io.camera import LiveCamera

    quiet_opencv()
    faults = itertools.cycle(["drop", "freeze", "refuse", "garbage", "size"])
    survived, waits = {"all": 0}, []
    with (
        loopback(chosen.clip, chosen.size, chosen.fps, 1) as url,
        LiveCamera(parse_address(url)) as camera,
    ):
        control = url.replace("/camera.mjpg", "/control")
        for number, fault in zip(range(chosen.times), faults, strict=False):
            new_size = f"{320 + 16 * (number % 20)}x240"
            query = f"size={new_size}" if fault == "size" else f"fault={fault}"
            urllib.request.urlopen(f"{control}?{query}").close()
            if fault == "size":
                noticed = _wait(lambda: bool(camera.take_gaps()), 15)
            else:  # until it is really being opened anew
                noticed = _wait(lambda: "trying again" in camera.fault, 15)
            urllib.request.urlopen(control).close()
            start_s, index = time.monotonic(), camera.newest().index  # type: ignore[union-attr]
            came = _wait(lambda index=index: camera.newest().index > index + 5, 30)
            camera.take_gaps()
            waits.append(time.monotonic() - start_s)
            survived[fault] = survived.get(fault, 0) + (noticed and came)
            survived["all"] += noticed and came
    return {
        "forced": chosen.times,
        "survived": survived,
        "seconds_until_pictures_p50_max": [round(float(np.median(waits)), 2), round(max(waits), 2)],
    }


def memory(chosen: argparse.Namespace) -> dict[str, Any]:
    """Resident memory of a session in a window over its length."""
    seconds = chosen.seconds
    with display(), loopback(chosen.clip, chosen.size, chosen.fps, chosen.tile) as url:
        command = [sys.executable, "-m", "emocam", "live", url, "--duration", str(seconds)]
        if chosen.model:
            command += ["--model", chosen.model]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        ) as process:
            samples = []
            start_s = time.monotonic()
            while process.poll() is None:
                samples.append((time.monotonic() - start_s, _resident_mb(process.pid)))
                time.sleep(min(5.0, seconds / 60))
            out = process.stdout.read() if process.stdout else ""
    samples = [one for one in samples[:-1] if one[1]]
    span_s = seconds / 30  # of 30 minutes the second one, when all is loaded, and the last
    early = [mb for at_s, mb in samples if span_s <= at_s <= 2 * span_s]
    late = [mb for at_s, mb in samples if at_s >= seconds - span_s]
    first, last = float(np.mean(early)), float(np.mean(late))
    return {
        "seconds": seconds,
        "early_mb": round(first, 1),
        "late_mb": round(last, 1),
        "peak_mb": round(max(mb for _, mb in samples), 1),
        "growth_percent": round(100 * (last / first - 1), 2),
        "summary": out.strip().splitlines(),
    }


def read_clip(chosen: argparse.Namespace, profile: Any = None) -> Iterator[Any]:
    """Analyses of every frame of a clip, as live would make them with time enough."""
    from emocam.detection.detector import FaceDetector
    from emocam.io.video_reader import VideoFile
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.tracking.follower import Follower

    recognizer = EmotionRecognizer.load(chosen.model, certainty=chosen.certainty)
    reader = Follower(recognizer, smooth=not chosen.raw)
    detector = FaceDetector()
    if profile is not None:
        reader.use_profile(profile)
    searched_s = -1.0
    with VideoFile(chosen.clip) as clip:
        for frame in clip:
            newcomers = []
            if frame.time_s - searched_s >= 0.5:
                searched_s = frame.time_s
                newcomers = [face.xyxy for face in detector.detect(frame.image_bgr)]
            yield reader.follow_frame(frame, newcomers)


def switches(chosen: argparse.Namespace) -> dict[str, Any]:
    """Label switches as shown and raw, and expressions of over a second that were not shown."""
    from emocam.live.stats import Summary

    summary, times, shown, raw = Summary(), [], [], []
    for one in read_clip(chosen):
        summary.add(one)
        if one.readings:
            times.append(one.time_s)
            shown.append(one.largest.emotion)
            raw.append(one.raw[one.readings.index(one.largest)].emotion)
    held = list(_held(times, raw))
    missed = [
        (label, round(start_s, 1), round(end_s, 1))
        for label, start_s, end_s in held
        if label not in {s for t, s in zip(times, shown, strict=True) if start_s <= t <= end_s + 1}
    ]
    shown_rate, raw_rate = summary.switches_per_minute, summary.raw_switches_per_minute
    return {
        "frames_with_face": len(times),
        "switches_per_minute": round(shown_rate, 2),
        "raw_switches_per_minute": round(raw_rate, 2),
        "ratio": round(shown_rate / raw_rate, 3) if raw_rate else None,
        "expressions_over_1_s": len(held),
        "missed": missed,
        "seconds": {label: round(s, 1) for label, s in summary.emotions.get(0, {}).items()},
    }


def _held(times: list[float], raw: list[str]) -> Iterator[tuple[str, float, float]]:
    """Expressions that 80 % of the raw readings of over a second bear; doubt is none."""
    start, covered_s = 0, -1.0
    for end in range(len(times)):
        while times[end] - times[start] > 1.0:
            start += 1
        window = raw[start : end + 1]
        label = max(set(window), key=window.count)
        is_one = label != "unsure" and times[end] - times[start] > 0.9
        if is_one and window.count(label) >= 0.8 * len(window) and times[start] > covered_s:
            covered_s = times[end]
            yield label, times[start], times[end]


def calibration(chosen: argparse.Namespace) -> dict[str, Any]:
    """Readings of resting seconds with and without a profile of the neutral ones."""
    from emocam.recognition.profile import Profile
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.recognition.takes import examples_of_take

    before = [one for one in read_clip(chosen) if one.readings]
    neutral = [
        one.points[one.faces.index(one.largest.face)]
        for one in before
        if _within(one.time_s, chosen.neutral)
    ]
    examples = examples_of_take("neutral", neutral, "benchmark")
    profile = Profile.learn(EmotionRecognizer.load(chosen.model), examples)
    after = [one for one in read_clip(chosen, profile) if one.readings]
    return {
        "neutral_readings": len(neutral),
        **{
            f"{name}_{when}": _shares(analyses, spans)
            for name, spans in (("resting", chosen.resting), ("expressive", chosen.expressive))
            for when, analyses in (("before", before), ("after", after))
            if spans
        },
    }


def _within(time_s: float, spans: list[tuple[float, float]]) -> bool:
    return any(start_s <= time_s < end_s for start_s, end_s in spans)


def _shares(analyses: list[Any], spans: list[tuple[float, float]]) -> dict[str, float]:
    said = [one.largest.emotion for one in analyses if _within(one.time_s, spans)]
    return {label: round(said.count(label) / len(said), 3) for label in sorted(set(said))}


def _spans(text: str) -> list[tuple[float, float]]:
    pairs = (part.split("-") for part in text.split(",") if part)
    return [(float(start), float(end)) for start, end in pairs]


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def _wait(condition: Any, seconds: float) -> bool:
    end_s = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.01)
    return True


def _model(chosen: argparse.Namespace) -> list[str]:
    return ["--model", chosen.model] if chosen.model else []


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=list(KINDS))
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--clip", type=Path, default=SAMPLE)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--tile", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--model")
    parser.add_argument("--certainty", type=float, help="0: always say the best label")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--no-window", action="store_true")
    parser.add_argument("--neutral", type=_spans, default=[(0.0, 3.0)])
    parser.add_argument("--resting", type=_spans, default=[])
    parser.add_argument("--expressive", type=_spans, default=[])
    parser.add_argument("--born", type=float, default=time.monotonic())
    chosen = parser.parse_args()
    print(json.dumps(KINDS[chosen.what](chosen), ensure_ascii=False))


KINDS = {
    "window": window,
    "reconnects": reconnects,
    "memory": memory,
    "switches": switches,
    "calibration": calibration,
    "_session": session,
}


if __name__ == "__main__":
    main()
