"""What people would use instead, beside emocam: the same clips, photos and faces in one run.

    python benchmarks/peers.py
    python benchmarks/peers.py --dataset fer2013.zip --votes fer2013new.csv --json peers.json

Speed: a clip at 640×480 and 1280×720, and photos, in turns, so that other programs disturb all of
them alike; ratios to `fer` of the same round. Accuracy, with `--dataset`: the faces of its test
part, by label and by the majority of the votes, and what a face costs.

Peers run in environments of their own, which this script makes once below `--environments`: `fer`
by pip, `@vladmandic/human` by npm; what is not there gets an empty row that says why. Nothing is
run that fetches weights at run time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measuring import ROOT, emocam, print_table, run, spread, write_json
from media import CLIP, clip_pictures, make_photos, scaled_clip

WORKERS = Path(__file__).with_name("peer_workers")
ENVIRONMENTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "emocam-peers"
SIZES_WH = ((640, 480), (1280, 720))
PHOTO_WH, PHOTOS = (640, 480), 60
FER_NEEDS = (
    "tensorflow", "opencv-contrib-python<5", "pandas", "requests", "tqdm", "moviepy<2", "Pillow",
    "matplotlib", "setuptools<81",  # whose pkg_resources it imports
)  # fmt: skip
HUMAN_NEEDS = (
    "@vladmandic/human@3.3", "@tensorflow/tfjs-core@4", "@tensorflow/tfjs-converter@4",
    "@tensorflow/tfjs-backend-wasm@4",
)  # fmt: skip
FOLLOWED = "emocam, frames in order"
EMPTY_ROWS = {
    "fer, MTCNN": "needs PyTorch beside TensorFlow: several GB, not installed here",
    "DeepFace": "fetches its weights at run time",
    "EmotiEffLib": "fetches its weights at run time",
    "Py-Feat": "fetches its weights at run time",
}


@dataclass
class Peer:
    """A peer's process."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    raw: bool = False  # takes raw pictures, decoded beforehand
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait until its models are loaded."""
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env={**os.environ, **self.environment},
        )  # fmt: skip
        self._answer()

    def ask(self, **task: Any) -> dict[str, Any]:
        """What the peer made of a task."""
        assert self.process is not None
        assert self.process.stdin is not None
        print(json.dumps(task), file=self.process.stdin, flush=True)
        return self._answer()

    def stop(self) -> None:
        """End the process."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: {' '.join(self.command)}")
        return dict(json.loads(line))


def fer_python(folder: Path) -> Path:
    """Interpreter of an environment with `fer`, made if it isn't there."""
    made = folder / "fer"
    python = made / "bin" / "python"
    if not (made / "complete").exists():
        print("installing fer with TensorFlow, once …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(made)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, *FER_NEEDS], check=True)
        # Its other requirements are for MTCNN and for films, and weigh several GB.
        subprocess.run([*pip, "--no-deps", "fer"], check=True)
        (made / "complete").touch()
    return python


def human_modules(folder: Path) -> Path:
    """Folder with node modules of `@vladmandic/human`, made if it isn't there."""
    made = folder / "human"
    if not (made / "complete").exists():
        print("installing @vladmandic/human, once …", file=sys.stderr)
        made.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(made)]
        subprocess.run(
            ["npm", "install", *quiet, *HUMAN_NEEDS], check=True, stdout=subprocess.DEVNULL
        )
        (made / "complete").touch()
    return made


def peers(folder: Path) -> tuple[list[Peer], dict[str, str]]:
    """Those that can run here, and why the others can't."""
    worker = str(WORKERS / "python_worker.py")
    own = {"PYTHONPATH": str(ROOT)}
    found = [
        Peer(FOLLOWED, [sys.executable, worker, "emocam-follow"], own),
        Peer("emocam, each by itself", [sys.executable, worker, "emocam-read"], own),
    ]
    missing = dict(EMPTY_ROWS)
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    try:
        python = str(fer_python(folder))
        found.append(Peer("fer, Haar", [python, worker, "fer"], quiet))
        found.append(Peer("tutorial loop", [python, worker, "tutorial"], quiet))
    except (OSError, subprocess.CalledProcessError) as error:
        missing["fer, Haar"] = missing["tutorial loop"] = f"could not be installed: {error}"
    try:
        modules = str(human_modules(folder))
        script = str(WORKERS / "human_worker.js")
        command = ["node", "--no-warnings", script, modules]
        found.append(Peer("human, wasm", command, raw=True))
    except (OSError, subprocess.CalledProcessError) as error:
        missing["human, wasm"] = f"could not be installed: {error}"
    return found, missing


@contextmanager
def running(found: Sequence[Peer]) -> Iterator[None]:
    """All peers, started and ended."""
    with ExitStack() as stack:
        for peer in found:
            peer.start()
            stack.callback(peer.stop)
        yield


def as_raw(pictures: Sequence[np.ndarray], path: Path) -> dict[str, Any]:
    """Pictures of one size as a file of RGB bytes, and what a peer must know of it."""
    with path.open("wb") as file:
        for picture in pictures:
            file.write(np.ascontiguousarray(picture[:, :, ::-1]).tobytes())
    height, width = pictures[0].shape[:2]
    return {"path": str(path), "width": width, "height": height, "count": len(pictures)}


def speed(
    found: Sequence[Peer], clip: Path, folder: Path, rounds: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """Frames or photos a second of each peer, by what is read."""
    results = {}
    for width, height in SIZES_WH:
        scaled = scaled_clip(clip, folder / f"{width}.mp4", (width, height))
        raw = as_raw(clip_pictures(scaled), folder / f"{width}.raw")
        tasks = {True: {"task": "pictures", **raw}, False: {"task": "clip", "path": str(scaled)}}
        table = emocam("video", scaled, "-o", folder / f"{width}.csv", "--force")
        results[f"clip {width}×{height}"] = in_turns(found, tasks, rounds, raw["count"], table)
        Path(raw["path"]).unlink()
    photos = sorted(make_photos(folder / "photos", PHOTO_WH, 1, PHOTOS).iterdir())
    import cv2

    raw = as_raw([cv2.imread(str(path)) for path in photos], folder / "photos.raw")
    paths = [str(path) for path in photos]
    tasks = {True: {"task": "pictures", **raw}, False: {"task": "photos", "paths": paths}}
    table = emocam("label", folder / "photos", "-o", folder / "photos.csv", "--fresh")
    width, height = PHOTO_WH
    alone = [peer for peer in found if peer.name != FOLLOWED]
    results[f"photos {width}×{height}"] = in_turns(alone, tasks, rounds, len(paths), table)
    return results


def in_turns(
    found: Sequence[Peer],
    tasks: dict[bool, dict[str, Any]],
    rounds: int,
    count: int,
    command: list[object],
) -> dict[str, dict[str, Any]]:
    """One thing that all do, one after the other, several times."""
    seconds: dict[str, list[float]] = {peer.name: [] for peer in found}
    computing: dict[str, list[float]] = {peer.name: [] for peer in found}
    seen = {}
    whole = f"emocam {command[3]}, a table, start included"
    for _ in range(rounds):
        for peer in found:
            answer = peer.ask(**tasks[peer.raw])
            seconds[peer.name].append(answer["seconds"])
            computing[peer.name].append(answer["cpu_seconds"])
            seen[peer.name] = sum(bool(labels) for labels in answer["labels"]) / count
        took = run(command)
        if took.exit_code:
            sys.exit(f"failed: {' '.join(map(str, command))}")
        seconds.setdefault(whole, []).append(took.wall_s)
        computing.setdefault(whole, []).append(took.cpu_s)
    base = seconds.get("fer, Haar")
    return {
        name: {
            "per_second": [count / one for one in values],
            "cpu_ms": 1000 * median(computing[name]) / count,
            "with_a_face": seen.get(name),
            "times_fer": base and [b / one for b, one in zip(base, values, strict=True)],
        }
        for name, values in seconds.items()
    }


def accuracy(
    found: Sequence[Peer], dataset: Path, votes: Path | None, folder: Path, rounds: int
) -> dict[str, dict[str, Any]]:
    """How often each is right on the same faces, and what one costs."""
    from emocam.training.dataset import open_dataset
    from emocam.training.evaluate import balanced_accuracy
    from emocam.training.faces import load_faces
    from emocam.training.votes import match_votes, read_votes

    opened = open_dataset(dataset)
    faces = load_faces(opened, opened.part("test"), 48)
    images, few = folder / "faces.npy", folder / "few.npy"
    np.save(images, faces.images)
    np.save(few, faces.images[:256])
    majority = None if votes is None else match_votes(read_votes(votes), faces).majority
    asked = [peer for peer in found if peer.name != FOLLOWED]
    result: dict[str, dict[str, Any]] = {}
    for peer in asked:
        said = peer.ask(**faces_task(peer, images, len(faces.images), 64))["labels"]
        numbers = np.array([faces.labels.index(label) for label in said])
        figures = {}
        for name, targets in (("label", faces.targets), ("votes", majority)):
            if targets is None:
                continue
            kept = targets >= 0
            pairs = np.zeros((len(faces.labels),) * 2, np.int64)
            np.add.at(pairs, (targets[kept], numbers[kept]), 1)
            figures[f"by_{name}"] = float(np.trace(pairs) / pairs.sum())
            figures[f"by_{name}_balanced"] = balanced_accuracy(pairs)
            figures[f"n_{name}"] = int(kept.sum())
        result[peer.name] = figures
    for at_once in (1, 64):
        costs: dict[str, list[float]] = {peer.name: [] for peer in asked}
        for _ in range(rounds):
            for peer in asked:
                answer = peer.ask(**faces_task(peer, few, 256, at_once))
                costs[peer.name].append(1000 * answer["cpu_seconds"] / 256)
        for name, values in costs.items():
            result[name][f"cpu_ms_a_face_{at_once}"] = values
    return result


def faces_task(peer: Peer, path: Path, count: int, at_once: int) -> dict[str, Any]:
    """Reading faces that are cut out already, as the peer takes them."""
    if peer.raw:
        raw = path.with_suffix(".raw")
        if not raw.exists():
            raw.write_bytes(np.load(path).tobytes())
        path = raw
    return {"task": "faces", "path": str(path), "count": count, "at_once": at_once}


def print_speed(results: dict[str, dict[str, dict[str, Any]]], missing: dict[str, str]) -> None:
    head = ["", "a second, median (range)", "times `fer`", "processor ms each", "with a face"]
    for what, by_peer in results.items():
        print(f"\n**{what}**\n")
        rows = []
        for name, one in by_peer.items():
            seen = "" if one["with_a_face"] is None else f"{one['with_a_face']:.1%}"
            times = "" if not one["times_fer"] else spread(one["times_fer"])
            rows.append([name, spread(one["per_second"]), times, f"{one['cpu_ms']:.1f}", seen])
        print_table(head, rows + [[name, why, "", "", ""] for name, why in missing.items()])


def print_accuracy(result: dict[str, dict[str, Any]], missing: dict[str, str]) -> None:
    head = ["", "by label (balanced)", "by votes (balanced)", "processor ms a face", "of 64"]
    rows = []
    for name, one in result.items():
        cells = [
            f"{one[key]:.1%} ({one[f'{key}_balanced']:.1%})" if key in one else ""
            for key in ("by_label", "by_votes")
        ]
        costs = [spread(one[f"cpu_ms_a_face_{at_once}"]) for at_once in (1, 64)]
        rows.append([name, *cells, *costs])
    print("\n**faces of the data set's test part**\n")
    print_table(head, rows + [[name, why, "", "", ""] for name, why in missing.items()])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clip", type=Path, default=CLIP)
    parser.add_argument("--dataset", type=Path, help="such as fer2013.zip: accuracy as well")
    parser.add_argument("--votes", type=Path, help="such as fer2013new.csv")
    parser.add_argument("--only", choices=["speed", "accuracy"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found, missing = peers(chosen.environments.resolve())
    folder = Path(tempfile.mkdtemp(prefix="emocam-peers-"))
    result: dict[str, Any] = {"missing": missing, "when": time.strftime("%Y-%m-%d")}
    try:
        with running(found):
            if chosen.only != "accuracy":
                result["speed"] = speed(found, chosen.clip.resolve(), folder, chosen.rounds)
                print_speed(result["speed"], missing)
            if chosen.dataset is not None and chosen.only != "speed":
                result["accuracy"] = accuracy(
                    found, chosen.dataset, chosen.votes, folder, chosen.rounds
                )
                print_accuracy(result["accuracy"], missing)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_json(chosen.json, result)


if __name__ == "__main__":
    main()
