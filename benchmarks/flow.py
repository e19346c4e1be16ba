"""Figures of the library over one's own frames, and of readings that flow on.

    python benchmarks/flow.py follower --clip FILE   # against read, frame by frame
    python benchmarks/flow.py follower --clip FILE --fer # and fer, in turns
    python benchmarks/flow.py age                             # of messages when they arrive
    python benchmarks/flow.py stall --minutes 10              # losses beside receivers that stall
    python benchmarks/flow.py start                           # import time, public names

Each takes `--json FILE`. The camera and the session of `age` and `stall` are processes of their
own; `--window` shows the session in a window (under Xvfb where there is no display).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from statistics import median
from typing import Any

from live import display, loopback
from measuring import ROOT, print_table, spread, write_json
from media import CLIP, clip_pictures, scaled_clip

SIZE_WH, FPS = (640, 480), 30
STALL_S, STALL_EVERY_S = 5.0, 20.0
KINDS = {"receivers that stall": True, "no receivers": False}
PEERS = ("emocam, frames in order", "emocam, each by itself", "fer, Haar")


def follower(clip: Path, rounds: int, with_fer: bool) -> dict[str, Any]:
    """Frames a second and computing time, in turns over the same decoded frames."""
    with tempfile.TemporaryDirectory() as folder:
        scaled = scaled_clip(clip, Path(folder) / "clip.mp4", SIZE_WH)
        result = {"decoded": _decoded(scaled, rounds)}
        if with_fer:
            result["with fer, decoding included"] = _beside_fer(scaled, rounds)
    for title, rows in result.items():
        print(f"\n{title}")
        print_table(
            ("", "frames a second", "CPU ms a frame", "speed against the first"),
            [
                (name, spread(one["per_second"]), f"{one['cpu_ms']:.1f}", spread(one["times"]))
                for name, one in rows.items()
            ],
        )
    return result


def _decoded(clip: Path, rounds: int) -> dict[str, Any]:
    import cv2

    from emocam import EmotionRecognizer, Follower

    cv2.setNumThreads(1)
    recognizer, pictures = EmotionRecognizer.load(), clip_pictures(clip, most=250)

    def read() -> None:
        for picture in pictures:
            recognizer.read(picture)

    def follow() -> None:
        one = Follower(recognizer)
        for number, picture in enumerate(pictures):
            one.follow(picture, number / 25)

    recognizer.read(pictures[0])
    times: dict[str, list[tuple[float, float]]] = {"read": [], "Follower": []}
    for _ in range(rounds):
        for name, action in (("read", read), ("Follower", follow)):
            start_s, cpu_s = time.perf_counter(), time.process_time()
            action()
            took = time.perf_counter() - start_s, time.process_time() - cpu_s
            times[name].append(took)
    return _ratios(times, len(pictures))


def _beside_fer(clip: Path, rounds: int) -> dict[str, Any]:
    import peers

    found, missing = peers.peers(peers.ENVIRONMENTS)
    wanted = [peer for peer in found if peer.name in PEERS]
    wanted.sort(key=lambda peer: -PEERS.index(peer.name))
    if missing.get("fer, Haar"):
        sys.exit(f"fer {missing['fer, Haar']}")
    times: dict[str, list[tuple[float, float]]] = {peer.name: [] for peer in wanted}
    count = 0
    with peers.running(wanted):
        for _ in range(rounds):
            for peer in wanted:
                answer = peer.ask(task="clip", path=str(clip))
                count = len(answer["labels"])
                times[peer.name].append((answer["seconds"], answer["cpu_seconds"]))
    return _ratios(times, count)


def _ratios(times: dict[str, list[tuple[float, float]]], count: int) -> dict[str, Any]:
    base = next(iter(times.values()))
    return {
        name: {
            "per_second": [count / wall for wall, _ in taken],
            "cpu_ms": 1000 * median(cpu for _, cpu in taken) / count,
            "times": [b[0] / t[0] for b, t in zip(base, taken, strict=True)],
            "cpu_times": [b[1] / t[1] for b, t in zip(base, taken, strict=True)],
        }
        for name, taken in times.items()
    }


class Receiver:
    """Takes messages in a thread, with the time of their arrival; stalls now and then."""

    def __init__(self, stall_every_s: float = 0.0) -> None:
        self.ages_ms: list[float] = []
        self.frames: list[int] = []
        self._stall_every_s, self._next_stall_s = stall_every_s, time.monotonic() + stall_every_s

    def take(self, told: dict[str, Any]) -> None:
        """One message."""
        if told["type"] != "frame" or not told["faces"]:
            return
        self.ages_ms.append(1000 * (time.monotonic() - told["monotonic_s"]))
        self.frames.append(told["frame"])
        if self._stall_every_s and time.monotonic() > self._next_stall_s:
            time.sleep(STALL_S)
            self._next_stall_s = time.monotonic() + self._stall_every_s

    def run(self, source: Iterator[dict[str, Any]]) -> threading.Thread:
        """Take all that a source gives, in a thread."""

        def work() -> None:
            for told in source:
                self.take(told)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread


def from_socket(bound: socket.socket) -> Iterator[dict[str, Any]]:
    """Messages of datagrams."""
    while True:
        yield json.loads(bound.recv(65536))


def from_osc(bound: socket.socket, clock: Callable[[float], float]) -> Iterator[dict[str, Any]]:
    """Bundles as messages: their time tag is Unix time."""
    from pythonosc.osc_bundle import OscBundle

    while True:
        bundle = OscBundle(bound.recv(65536))
        head = next(iter(bundle))
        if head.address == "/emocam/frame":
            faces = [{}] * head.params[2]
            yield {
                "type": "frame", "frame": head.params[0], "faces": faces,
                "monotonic_s": clock(bundle.timestamp),
            }  # fmt: skip


def from_web_socket(url: str) -> Iterator[dict[str, Any]]:
    """Messages of the session's own server."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    with connect(url, max_queue=4) as client:
        try:
            while True:
                yield json.loads(client.recv())
        except ConnectionClosed:
            return


def from_lsl() -> Iterator[dict[str, Any]]:
    """Samples of the largest face, whose time is on LSL's clock."""
    import pylsl

    offset_s = time.monotonic() - pylsl.local_clock()
    found = pylsl.resolve_byprop("name", "emocam largest face", 1, 30)
    inlet = pylsl.StreamInlet(found[0])
    number = 0
    while True:
        values, taken_s = inlet.pull_sample(5)
        if values is None:
            return
        number += 1
        if values[0] == values[0]:
            yield {
                "type": "frame", "frame": number, "faces": [{}], "monotonic_s": taken_s + offset_s
            }  # fmt: skip


def from_mqtt(port: int) -> Iterator[dict[str, Any]]:
    """Publications of a broker."""
    import queue

    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    got: queue.Queue[bytes] = queue.Queue()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda *given: got.put(given[2].payload)
    client.connect("127.0.0.1", port)
    client.subscribe("emocam/#")
    client.loop_start()
    while True:
        yield json.loads(got.get())


@contextmanager
def broker() -> Iterator[int | None]:
    """Port of an MQTT broker; None where mosquitto is not installed."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        yield None
        return
    with udp() as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [program, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(1.0)
        yield port
        process.terminate()


def udp() -> socket.socket:
    """A socket that takes datagrams."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    return bound


@contextmanager
def session(url: str, *arguments: str, window: bool) -> Iterator[subprocess.Popen[str]]:
    """A live session in a process of its own."""
    command = [sys.executable, "-m", "emocam", "live", url, *arguments]
    if not window:
        command.append("--no-window")
    with subprocess.Popen(
        command, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process


def web_socket_url(process: subprocess.Popen[str]) -> str:
    """The address that the session tells."""
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"readings are at (ws://\S+)", line)
        if found:
            return found[1]
    sys.exit("the session ended before it served readings")


def age(seconds: float, window: bool, only: str | None) -> dict[str, Any]:
    """Milliseconds from taking a frame to the arrival of its message, by protocol."""
    unix_s, monotonic_s = time.time(), time.monotonic()
    results = {}
    kinds = [only] if only else ["udp", "osc", "jsonl", "ws", "lsl", "mqtt"]
    for kind in kinds:
        receiver = Receiver()
        with ExitStack() as stack:
            url = stack.enter_context(loopback(CLIP, f"{SIZE_WH[0]}x{SIZE_WH[1]}", FPS, 1))
            stack.enter_context(display() if window else nullcontext())
            bound = stack.enter_context(udp())
            place = f"127.0.0.1:{bound.getsockname()[1]}"
            port = stack.enter_context(broker()) if kind == "mqtt" else None
            if kind == "mqtt" and port is None:
                continue
            where = {
                "udp": f"udp://{place}", "osc": f"osc://{place}", "jsonl": "jsonl:-",
                "ws": "ws://127.0.0.1:0", "lsl": "lsl", "mqtt": f"mqtt://127.0.0.1:{port}",
            }[kind]  # fmt: skip
            command = ("--send", where, "--duration", str(seconds))
            process = stack.enter_context(session(url, *command, window=window))
            if kind == "udp":
                receiver.run(from_socket(bound))
            elif kind == "osc":
                receiver.run(from_osc(bound, lambda at_s: at_s - unix_s + monotonic_s))
            elif kind == "jsonl":
                assert process.stdout is not None
                receiver.run(map(json.loads, process.stdout))
            elif kind == "ws":
                receiver.run(from_web_socket(web_socket_url(process)))
            elif kind == "lsl":
                receiver.run(from_lsl())
            elif port is not None:
                receiver.run(from_mqtt(port))
            if kind == "jsonl":
                process.wait()
            else:
                process.communicate()
            time.sleep(0.5)
        ages = sorted(receiver.ages_ms)[:]
        results[kind] = {
            "messages": len(ages),
            "median_ms": median(ages) if ages else None,
            "p95_ms": ages[int(0.95 * (len(ages) - 1))] if ages else None,
        }
    print_table(
        ("", "messages", "median ms", "95th percentile ms"),
        [
            (kind, one["messages"], f"{one['median_ms']:.0f}", f"{one['p95_ms']:.0f}")
            for kind, one in results.items()
            if one["messages"]
        ],
    )
    return results


def stall(minutes: float, rounds: int, window: bool) -> dict[str, Any]:
    """What log, picture and receivers lack when two receivers stall for 5 s now and then.

    In turns with sessions that send to nobody, since pictures are also superseded when other
    programs take the processor.
    """
    runs = [
        {name: _one_session(minutes, window, stalls) for name, stalls in KINDS.items()}
        for _ in range(rounds)
    ]
    print_table(
        ("", "readings", "lost in log", "lost in pipe", "lost in WebSocket", "frames drawn"),
        [
            (name, one["read"], one["lost_in_log"], *one["lost"], f"{one['drawn_share']:.1%}")
            for round_ in runs
            for name, one in round_.items()
        ],
    )
    return {"seconds": 60 * minutes, "rounds": runs}


def _one_session(minutes: float, window: bool, stalls: bool) -> dict[str, Any]:
    pipe, page = Receiver(STALL_EVERY_S), Receiver(STALL_EVERY_S)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = folder / "log.csv"
        url = stack.enter_context(loopback(CLIP, f"{SIZE_WH[0]}x{SIZE_WH[1]}", FPS, 1))
        stack.enter_context(display() if window else nullcontext())
        command = ["--log", str(log), "--duration", str(60 * minutes)]
        if stalls:
            command += ["--send", "jsonl:-", "--send", "ws://127.0.0.1:0"]
        process = stack.enter_context(session(url, *command, window=window))
        if stalls:
            page_thread = page.run(from_web_socket(web_socket_url(process)))
            assert process.stdout is not None
            pipe_thread = pipe.run(map(json.loads, process.stdout))
            assert process.stderr is not None
            told = process.stderr.read()
            process.wait()
            pipe_thread.join(60)
            page_thread.join(60)
        else:
            told = "".join(process.communicate())
        with log.open(newline="") as file:
            logged = {int(row["frame"]) for row in csv.DictReader(file) if row["status"] == "ok"}
    read = int(re.findall(r"(\d+) readings of", told)[0])
    frames, drawn = map(int, re.findall(r"(\d+) frames .* (\d+) drawn", told)[0])
    first = min(page.frames, default=0)
    lost = (
        len(logged - set(pipe.frames)),
        len({one for one in logged if one >= first} - set(page.frames)),
    )
    return {
        "read": read,
        "lost_in_log": read - len(logged),
        "lost": lost if stalls else ("", ""),
        "drawn_share": drawn / frames,
        "told": told.splitlines()[-8:],
    }


def start(rounds: int) -> dict[str, Any]:
    """CPU milliseconds that `import emocam` takes, what it loads, and how many names it has."""
    code = (
        "import sys, time; s = time.process_time(); import emocam; t = time.process_time() - s; "
        "loaded = sorted({'cv2', 'numpy', 'sklearn', 'av'} & set(sys.modules)); "
        "names = [name for name in emocam.__all__ if name != '__version__']; "
        "import json; print(json.dumps([1000 * t, loaded, names]))"
    )
    runs = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        runs.append(json.loads(done.stdout))
    result = {
        "import_ms": [one[0] for one in runs],
        "loaded": runs[0][1],
        "public_names": len(runs[0][2]),
    }
    print_table(
        ("import emocam, CPU ms", "of cv2, numpy, sklearn, av it loads", "public names"),
        [(spread(result["import_ms"]), runs[0][1] or "none", result["public_names"])],
    )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    what = parser.add_subparsers(dest="what", required=True)
    one = what.add_parser("follower")
    one.add_argument("--clip", type=Path, default=CLIP)
    one.add_argument("--rounds", type=int, default=5)
    one.add_argument("--fer", action="store_true")
    one = what.add_parser("age")
    one.add_argument("--seconds", type=float, default=20.0)
    one.add_argument("--window", action="store_true")
    one.add_argument("--only")
    one = what.add_parser("stall")
    one.add_argument("--minutes", type=float, default=10.0)
    one.add_argument("--rounds", type=int, default=1)
    one.add_argument("--window", action="store_true")
    what.add_parser("start")
    chosen = parser.parse_args()
    if chosen.what == "follower":
        result = follower(chosen.clip, chosen.rounds, chosen.fer)
    elif chosen.what == "age":
        result = age(chosen.seconds, chosen.window, chosen.only)
    elif chosen.what == "stall":
        result = stall(chosen.minutes, chosen.rounds, chosen.window)
    else:
        result = start(11)
    write_json(chosen.json, {chosen.what: result})


if __name__ == "__main__":
    main()
