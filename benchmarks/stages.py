"""What a frame costs, stage by stage, in processor time and time of the clock.

    python benchmarks/stages.py
    python benchmarks/stages.py --sizes 640x480 --faces 1 --threads 1 --json stages.json

A stage is what the live loop, `emocam video` and `emocam label` are made of; which of them take
part in a frame depends on the use. Scan, verify and vote make up the search of a still picture;
`near` is the search around a known face, which frames in order need instead; describe, encode,
compare and cluster make up a reading of all faces of the picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from measuring import print_table, timed_ms, write_json
from media import make_picture

SIZES_WH = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
FACES = (1, 2, 4, 8)
THREADS = (1, 2)
RUNS = 15


def stages(picture_bgr: np.ndarray, recognizer: Any) -> tuple[dict[str, Callable[[], object]], int]:
    """What is done to one picture, each as a call without arguments; how many faces it has."""
    from emocam.detection.crop import crop_faces
    from emocam.detection.pyramid import image_pyramid
    from emocam.detection.search_model import load_search
    from emocam.io.decode import decode_gray
    from emocam.readings import FrameReadings
    from emocam.recognition.descriptors import orientation_maps
    from emocam.render.overlay import Overlay, OverlayOptions
    from emocam.tracking.tracker import FaceTracker

    detector, model = recognizer.detector, recognizer.model
    jpeg = cv2.imencode(".jpg", picture_bgr)[1].tobytes()
    gray = cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2GRAY)
    pyramid = image_pyramid(gray)
    search = load_search()
    scan, verifier, ensemble = search.scan, search.verifier, search.ensemble
    smallest = max(32.0, 0.05 * min(gray.shape))
    candidates = scan.search(pyramid, smallest, 48)
    scored, _ = verifier.score(pyramid, candidates[:, :4])
    likely = scored[scored[:, 4] > 0]
    faces = detector.detect(picture_bgr)
    boxes = [face.xyxy for face in faces]
    crops = np.stack(crop_faces(picture_bgr, faces, model.size))
    maps = orientation_maps(crops)
    described = [scale.describe(maps) for scale in model.scales]
    features = model.describe(crops)
    points = model.projection.points(features)
    scores = model.kernel_ridge.scores(points)
    readings = FrameReadings(tuple(recognizer.readings(faces, model.predict(crops))))
    overlay, tracker, clock = Overlay(recognizer.labels), FaceTracker(), [0.0]

    def track() -> object:
        clock[0] += 0.04
        return tracker.update(faces, clock[0], picture_bgr)

    def draw() -> object:
        clock[0] += 0.04
        overlay.remember(readings.readings, clock[0])
        return overlay.draw(
            picture_bgr, readings, time_s=clock[0], options=OverlayOptions(strip=True)
        )

    def encode() -> object:
        return [
            scale.codebook.encode(one)
            for scale, one in zip(model.scales, described, strict=True)
        ]  # fmt: skip

    return {
        "decode JPEG": partial(decode_gray, jpeg, min_side=1200),
        "grey": partial(cv2.cvtColor, picture_bgr, cv2.COLOR_BGR2GRAY),
        "scan": partial(scan.search, pyramid, smallest, 48),
        "verify": partial(verifier.score, pyramid, candidates[:, :4]),
        "vote": partial(ensemble.logits, pyramid, likely),
        "search, all": partial(detector.detect, picture_bgr),
        "near": partial(detector.search_near, picture_bgr, boxes),
        "crop": partial(crop_faces, picture_bgr, faces, model.size),
        "describe": lambda: [scale.describe(orientation_maps(crops)) for scale in model.scales],
        "encode": encode,
        "project": partial(model.projection.points, features),
        "compare": partial(model.kernel_ridge.scores, points),
        "cluster": partial(model.clusters.predict, scores),
        "read, all": partial(model.predict, crops),
        "track": track,
        "draw": draw,
    }, len(faces)


def film_stage(picture_bgr: np.ndarray) -> tuple[float, float]:
    """Milliseconds that a frame of a film takes to encode, of computing and of the clock."""
    import tempfile

    from emocam.io.video_writer import FilmRecorder

    height, width = picture_bgr.shape[:2]
    moved = [np.roll(picture_bgr, step, axis=1) for step in range(8)]
    with (
        tempfile.TemporaryDirectory() as folder,
        FilmRecorder(Path(folder) / "film.mp4", (width, height), fps=25) as film,
    ):
        number = iter(range(1 << 20))

        def write() -> object:
            step = next(number)
            return film.write(moved[step % 8], step / 25)

        return timed_ms(write, 2 * RUNS)


def measure(size_wh: tuple[int, int], faces: int, threads: int) -> dict[str, Any]:
    """Costs of all stages for one kind of picture."""
    from threadpoolctl import threadpool_limits

    from emocam import EmotionRecognizer

    cv2.setNumThreads(threads)
    recognizer = EmotionRecognizer.load()
    picture = make_picture(*size_wh, faces)
    with threadpool_limits(threads):
        calls, found = stages(picture, recognizer)
        costs = {name: timed_ms(call, RUNS) for name, call in calls.items()}
        costs["encode film"] = film_stage(picture)
    return {
        "size_wh": size_wh,
        "faces": faces,
        "faces_found": found,
        "threads": threads,
        "cpu_ms": {name: one[0] for name, one in costs.items()},
        "wall_ms": {name: one[1] for name, one in costs.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", default=[f"{w}x{h}" for w, h in SIZES_WH])
    parser.add_argument("--faces", nargs="+", type=int, default=list(FACES))
    parser.add_argument("--threads", nargs="+", type=int, default=list(THREADS))
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    results = []
    for threads in chosen.threads:
        for size in chosen.sizes:
            width, height = map(int, size.split("x"))
            results += [measure((width, height), faces, threads) for faces in chosen.faces]
            show(results[-len(chosen.faces) :])
    write_json(chosen.json, {"stages": results})


def show(results: list[dict[str, Any]]) -> None:
    first = results[0]
    width, height = first["size_wh"]
    print(f"\n**{width}×{height}, {first['threads']} threads**: ms a picture, processor (clock)\n")
    head = ["stage", *(f"{one['faces']} faces, {one['faces_found']} found" for one in results)]
    rows = [
        [name, *(f"{one['cpu_ms'][name]:.2f} ({one['wall_ms'][name]:.2f})" for one in results)]
        for name in first["cpu_ms"]
    ]
    print_table(head, rows)


if __name__ == "__main__":
    main()
