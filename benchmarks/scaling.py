"""How costs grow: with faces, pixels, photos, the length of a clip, remembered faces, words.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --only photos --photos 10 100 1000 10000 100000 --plots FOLDER

Each gives a table, an exponent (1: twice as much takes twice as long), fitted by least squares on
logarithms to the upper half of the sizes, where fixed costs count least, and a plot.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measuring import emocam, print_table, run, timed_ms, write_json
from media import CLIP, make_picture, make_tiny_photos, scaled_clip

Costs = list[tuple[float, float]]  # size, processor milliseconds


def by_faces(_: argparse.Namespace, folder: Path) -> Costs:
    """Reading faces that are cut out, all in one call."""
    del folder
    model = _model()
    crops = np.random.default_rng(0).integers(0, 256, (64, model.size, model.size)).astype(np.uint8)
    sizes = (1, 2, 4, 8, 16, 32, 64)
    return [(n, timed_ms(partial(model.predict, crops[:n]), 9)[0]) for n in sizes]


def by_pixels(_: argparse.Namespace, folder: Path) -> Costs:
    """The full search of a still picture with one face, from 0.08 to 8 megapixels."""
    from emocam.detection.detector import FaceDetector

    del folder
    detector = FaceDetector()
    costs = []
    for height in (240, 480, 720, 1080, 1440, 2160):
        width = height * 4 // 3
        picture = make_picture(width, height, 1)
        costs.append((width * height, timed_ms(partial(detector.detect, picture), 9)[0]))
    return costs


def by_photos(chosen: argparse.Namespace, folder: Path) -> Costs:
    """`emocam label` on tiny photos without a face: what there is beside search and reading."""
    costs = []
    for count in chosen.photos:
        album = make_tiny_photos(folder / f"tiny{count}", count)
        target = folder / f"tiny{count}.csv"
        costs.append((count, _command_ms(emocam("label", album, "-o", target, "--fresh"))))
        shutil.rmtree(album)
    return costs


def by_length(chosen: argparse.Namespace, folder: Path) -> Costs:
    """`emocam video` to a table, over the frames of a clip of 320×240."""
    costs = []
    for loops in chosen.loops:
        clip = scaled_clip(chosen.clip.resolve(), folder / f"{loops}.mp4", (320, 240), loops)
        target = folder / f"{loops}.csv"
        milliseconds = _command_ms(emocam("video", clip, "-o", target, "--force"))
        frames = sum(1 for _ in target.open()) - 1  # one face, in every frame
        costs.append((frames, milliseconds))
    return costs


def by_remembered(_: argparse.Namespace, folder: Path) -> Costs:
    """Comparing one face with remembered faces, from a sixteenth of them to four times as many."""
    from emocam.recognition.kernel_ridge import KernelRidge
    from emocam.recognition.quantized import QuantizedMatrix

    del folder
    ridge = _model().kernel_ridge
    many = np.concatenate([ridge.references.values] * 4)
    coefficients = np.concatenate([ridge.dual_coef] * 4)
    point = np.zeros((1, many.shape[1]), np.float32)
    costs = []
    for share in (0.0625, 0.125, 0.25, 0.5, 1, 2, 4):
        count = int(share * len(ridge.dual_coef))
        matrix = QuantizedMatrix(np.array(many[:count]), ridge.references.scale)
        part = KernelRidge(matrix, coefficients[:count], ridge.gamma)
        costs.append((count, timed_ms(partial(part.scores, point), 15)[0]))
    return costs


def by_words(_: argparse.Namespace, folder: Path) -> Costs:
    """Describing one face and encoding it, over the words of a scale (made up above 32)."""
    from emocam.recognition.codebook import encode_faces

    del folder
    model, chance = _model(), np.random.default_rng(0)
    face = chance.integers(0, 256, (1, model.size, model.size)).astype(np.uint8)
    costs = []
    for words in (8, 16, 32, 64, 128, 256, 512):
        scales = []
        for scale in model.scales:
            centers = chance.normal(size=(words, len(scale.codebook.parity))).astype(np.float32)
            centers /= np.linalg.norm(centers, axis=1, keepdims=True)
            scales.append(replace(scale, codebook=replace(scale.codebook, centers=centers)))
        costs.append((words, timed_ms(partial(encode_faces, scales, face), 9)[0]))
    return costs


def _model() -> Any:
    from emocam import EmotionRecognizer

    return EmotionRecognizer.load().model


def _command_ms(command: Sequence[object]) -> float:
    took = run(command)
    if took.exit_code not in (0, 1):
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return 1000 * took.cpu_s


def exponent(costs: Costs) -> float:
    """Slope of the logarithms over the upper half of the sizes."""
    sizes, milliseconds = np.log(np.array(costs)).T
    upper = slice(len(costs) // 2 - (len(costs) % 2 == 0), None)
    return float(np.polyfit(sizes[upper], milliseconds[upper], 1)[0])


def plot(name: str, costs: Costs, slope: float, path: Path) -> None:
    """The costs on logarithmic axes, and the fitted line."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    sizes, milliseconds = np.array(costs).T
    figure, axes = pyplot.subplots(figsize=(4.8, 3.2), layout="constrained")
    axes.loglog(sizes, milliseconds, "o-", label="measured")
    line = milliseconds[-1] * (sizes / sizes[-1]) ** slope
    axes.loglog(sizes, line, "--", color="0.5", label=f"size to the {slope:.2f}")
    axes.set(xlabel=name, ylabel="processor ms")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


KINDS: dict[str, Callable[[argparse.Namespace, Path], Costs]] = {
    "faces": by_faces,
    "pixels": by_pixels,
    "photos": by_photos,
    "frames": by_length,
    "remembered faces": by_remembered,
    "words": by_words,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--photos", nargs="+", type=int, default=[10, 100, 1000, 10_000])
    parser.add_argument("--loops", nargs="+", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--clip", type=Path, default=CLIP)
    parser.add_argument("--plots", type=Path, help="folder for a PNG each")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    import cv2
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    folder = Path(tempfile.mkdtemp(prefix="emocam-scaling-"))
    results = {}
    try:
        with threadpool_limits(1):
            for name in chosen.only:
                costs = KINDS[name](chosen, folder)
                slope = exponent(costs)
                results[name] = {"costs": costs, "exponent": slope}
                print(f"\n**{name}**, exponent {slope:.2f}: {KINDS[name].__doc__}\n")
                print_table(
                    [name, "processor ms", "ms each"],
                    [[f"{n:,.0f}", f"{ms:.4g}", f"{ms / n:.3g}"] for n, ms in costs],
                )
                if chosen.plots is not None:
                    chosen.plots.mkdir(parents=True, exist_ok=True)
                    plot(name, costs, slope, chosen.plots / f"{name.replace(' ', '-')}.png")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_json(chosen.json, {"scaling": results})


if __name__ == "__main__":
    main()
