"""Draws each step of reading one face, for how-faces-are-read.md.

python docs/make_steps.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emocam import EmotionRecognizer
from emocam.detection.crop import crop_faces
from emocam.recognition.descriptors import LENGTH, ORIENTATIONS, grid_points, orientation_maps
from emocam.recognition.labels import color_hex
from emocam.recognition.words_model import WordsModel

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "samples" / "photos" / "astronaut.jpg"
TARGET = ROOT / "docs" / "images" / "reading-steps.png"


def main() -> None:
    recognizer = EmotionRecognizer.load()
    model = recognizer.model
    assert isinstance(model, WordsModel)
    photo = cv2.imread(str(PHOTO))
    faces = recognizer.detector.detect(photo)[:1]
    crop = crop_faces(photo, faces, model.size)[0]
    figure = Figure(figsize=(13, 8), layout="constrained", dpi=80)
    axes = figure.subplots(2, 3).flat
    draw_photo(next(axes), photo, faces[0].xyxy)
    draw_crop(next(axes), crop)
    draw_gradients(next(axes), crop)
    draw_words(next(axes), model, crop)
    draw_scores(next(axes), model, crop)
    draw_clusters(next(axes), model, crop)
    figure.savefig(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1000} kB")


def draw_photo(axes: Axes, photo_bgr: np.ndarray, xyxy: tuple[int, int, int, int]) -> None:
    x1, y1, x2, y2 = xyxy
    axes.imshow(photo_bgr[:, :, ::-1])
    axes.plot([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], color="#efda43", linewidth=3)
    axes.set(xticks=[], yticks=[], title="1. A face is found")


def draw_crop(axes: Axes, crop: np.ndarray) -> None:
    axes.imshow(crop, cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[], title="2. cut out upright, 48×48, grey")


def draw_gradients(axes: Axes, crop: np.ndarray) -> None:
    maps = orientation_maps(crop[None])[0]
    turns = np.arange(ORIENTATIONS) * 2 * np.pi / ORIENTATIONS
    across = (maps * np.cos(turns)[:, None, None]).sum(axis=0)
    down = (maps * np.sin(turns)[:, None, None]).sum(axis=0)
    places = np.arange(0, len(crop), 2)
    axes.imshow(crop, cmap="gray", vmin=0, vmax=255, alpha=0.35)
    axes.quiver(
        places, places, across[::2, ::2], down[::2, ::2],
        angles="xy", scale=2200, color="#0b5394", width=0.004,
    )  # fmt: skip
    axes.set(xticks=[], yticks=[], title="3. gradients: where it gets brighter")


def draw_words(axes: Axes, model: WordsModel, crop: np.ndarray) -> None:
    """The nearest visual word at each place, mirror images under one number."""
    scale = model.scales[len(model.scales) // 2]
    book = scale.codebook
    whitened = book.whiten(scale.describe(orientation_maps(crop[None])).reshape(-1, LENGTH))
    cosines = np.maximum(whitened @ book.centers.T, (whitened * book.parity) @ book.centers.T)
    points = grid_points(len(crop), scale.step)
    words = cosines.argmax(axis=1).reshape(len(points), len(points))
    reach = (-0.5, len(crop) - 0.5, len(crop) - 0.5, -0.5)
    axes.imshow(crop, cmap="gray", vmin=0, vmax=255)
    axes.imshow(words, cmap="nipy_spectral", alpha=0.45, extent=reach, interpolation="nearest")
    title = f"4. which of {2 * len(book.centers)} visual words is where"
    axes.set(xticks=[], yticks=[], title=title)


def draw_scores(axes: Axes, model: WordsModel, crop: np.ndarray) -> None:
    scores = model.scores(model.describe(crop[None]))[0]
    colors = [color_hex(label, model.labels) for label in model.labels]
    axes.barh(model.labels, scores, color=colors, edgecolor="#333333")
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.invert_yaxis()
    axes.set(title="5. likeness to remembered faces of each", xlabel="score of the kernel ridge")


def draw_clusters(axes: Axes, model: WordsModel, crop: np.ndarray) -> None:
    distances = np.linalg.norm(model.cluster_space(crop[None]) - model.centers, axis=1)
    order = np.argsort(distances)
    names = [model.labels[model.cluster_names[index]] for index in order]
    probabilities = model.predict(crop[None]).probabilities[0]
    colors = [color_hex(name, model.labels) for name in names]
    bars = axes.barh([f"cluster {i} = {n}" for i, n in zip(order, names, strict=True)],
                     distances[order], color=colors, edgecolor="#333333")  # fmt: skip
    shares = [f"{probabilities[model.labels.index(name)]:.0%}" for name in names]
    axes.bar_label(bars, labels=shares, padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set(title="6. the nearest emotion cluster", xlabel="distance to its centre, probability")


if __name__ == "__main__":
    main()
