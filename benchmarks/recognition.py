"""What reading a face costs: time, loading, memory, size; and what a face out of place costs.

    python benchmarks/recognition.py [MODEL]
    python benchmarks/recognition.py [MODEL] --framing fer2013.zip

The second reads the test part with all its faces shifted, zoomed or turned, the border repeated,
and says how often the model is still right.

One core: set OPENBLAS_NUM_THREADS=1 (and the like) before. Each number is the median of many runs,
of computing time (user and system), so that other programs disturb it little; wall-clock time
stands beside it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from measuring import timed_ms

from emocam.recognition.model_file import find_model, load_model_file
from emocam.recognition.prediction import FaceModel

CHANGES: dict[str, tuple[dict[str, float], ...]] = {
    **{f"{n} px sideways": ({"right": n}, {"right": -n}) for n in (1, 2, 3)},
    **{f"{n} px up or down": ({"down": n}, {"down": -n}) for n in (1, 2, 3)},
    **{f"{n} % larger": ({"zoom": 1 + n / 100},) for n in (5, 10)},
    **{f"{n} % smaller": ({"zoom": 1 - n / 100},) for n in (5, 10)},
    **{f"turned {n}°": ({"turn": n}, {"turn": -n}) for n in (5, 10, 15)},
}
"""What is done to the faces; of several ways the mean is shown."""

_LOADING = """
import json, resource, sys, time
start, cpu = time.perf_counter(), time.process_time()
import numpy as np
from emocam.recognition.model_file import load_model_file
from emocam.recognition.words_model import WordsModel
imported, imported_cpu = time.perf_counter(), time.process_time()
model = WordsModel.from_file(load_model_file(sys.argv[1]))
loaded, loaded_cpu = time.perf_counter(), time.process_time()
model.predict(np.zeros((1, model.size, model.size), np.uint8))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({
    "import_s": imported - start,
    "load_s": loaded - imported,
    "load_cpu_s": loaded_cpu - imported_cpu,
    "peak_mb": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10),
}))
"""


def moved(
    faces_gray: np.ndarray,
    *,
    right: float = 0.0,
    down: float = 0.0,
    zoom: float = 1.0,
    turn: float = 0.0,
) -> np.ndarray:
    """Faces, shape (n, size, size), uint8, as a face search that misses would frame them.

    `right` and `down` are in pixels of the training format, `turn` in degrees against the clock;
    with `zoom` above 1 the face is larger.
    """
    size = faces_gray.shape[1]
    middle = ((size - 1) / 2,) * 2
    matrix = cv2.getRotationMatrix2D(middle, turn, zoom)
    matrix[:, 2] += right, down
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    return np.stack(
        [
            cv2.warpAffine(face, matrix, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)
            for face in faces_gray
        ]
    )


def print_framing(model: FaceModel, dataset: Path) -> None:
    """A table of what each change costs, both ways of it together."""
    from emocam.training.dataset import open_dataset
    from emocam.training.evaluate import evaluate
    from emocam.training.faces import load_faces

    found = open_dataset(dataset)
    faces = load_faces(found, found.part("test"), model.size, model.labels)

    def right_answers(**change: float) -> tuple[float, float]:
        images = moved(faces.images, **change) if change else faces.images
        figures = evaluate(model, replace(faces, images=images)).figures()
        return figures["accuracy"], figures["balanced_accuracy"]

    plain = right_answers()
    print("| change | accuracy | costs, points | balanced | costs, points |\n|---|---|---|---|---|")
    print(f"| none | {plain[0]:.1%} | | {plain[1]:.1%} | |")
    for name, ways in CHANGES.items():
        accuracy, balanced = np.mean([right_answers(**way) for way in ways], axis=0)
        print(
            f"| {name} | {accuracy:.1%} | {100 * (plain[0] - accuracy):.1f} "
            f"| {balanced:.1%} | {100 * (plain[1] - balanced):.1f} |"
        )


def print_cost(model: FaceModel, path: Path) -> None:
    """Time, loading, memory and size, a line each."""
    random = np.random.default_rng(0)
    faces = random.integers(0, 256, (64, model.size, model.size)).astype(np.uint8)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    for count, runs in ((1, 200), (8, 50), (64, 15)):
        computing, wall = timed_ms(lambda count=count: model.predict(faces[:count]), runs)
        print(
            f"{count:3d} faces: {computing / count:.2f} ms a face "
            f"({wall / count:.2f} ms wall clock)"
        )
    found = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", _LOADING, str(path)],
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for _ in range(5)
    ]  # fmt: skip
    for name in found[0]:
        print(f"{name}: {median(one[name] for one in found):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", help="a model file; the default model")
    parser.add_argument(
        "--framing", type=Path, metavar="DATASET", help="measure faces out of place"
    )
    arguments = parser.parse_args()
    path = find_model(arguments.model)
    from emocam.recognition.recognizer import EmotionRecognizer

    model = EmotionRecognizer.from_file(load_model_file(path)).model
    if arguments.framing is None:
        print_cost(model, path)
    else:
        print_framing(model, arguments.framing)


if __name__ == "__main__":
    main()
