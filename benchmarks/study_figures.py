"""The figures of docs/study.md that no command writes by itself: `study_figures.py DATASET`.

Averages over many faces only: FER2013's own pictures are not for redistribution.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from emocam import EmotionRecognizer
from emocam.analysis.cluster_measures import Clustered, cluster_curve, cluster_figures
from emocam.analysis.figures.base import new_figure, save_png
from emocam.analysis.figures.clusters import plot_composition, plot_curve, plot_plane
from emocam.analysis.figures.counts import plot_mean_faces
from emocam.analysis.figures.evaluation import plot_confusion, plot_reliability
from emocam.analysis.figures.words import plot_vocabulary
from emocam.analysis.word_evidence import word_pages
from emocam.detection.crop import crop_faces
from emocam.recognition.labels import color_hex
from emocam.recognition.words_model import WordsModel
from emocam.training.balance import undersample
from emocam.training.dataset import open_dataset
from emocam.training.evaluate import evaluate
from emocam.training.faces import Faces, load_faces
from emocam.training.fit_pixels import fit_pixels

SIZE = 48


def plot_cluster_means(model: Clustered, faces: Faces, clusters: np.ndarray) -> Figure:
    """The mean face of each cluster."""
    names = [model.labels[index] for index in model.cluster_names]
    figures = cluster_figures(clusters, faces.targets, names, faces.labels)
    figure = new_figure(1.5 * len(figures), 2.3)
    figure.suptitle("Mean face of each cluster, and the share of the label that most of it bears")
    for axes, cluster in zip(figure.subplots(1, len(figures)), figures, strict=True):
        own = faces.images[clusters == cluster.number]
        if len(own):
            axes.imshow(own.mean(axis=0), cmap="gray", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(color=color_hex(cluster.name, faces.labels), linewidth=3)
        axes.set_title(f"{cluster.number} = {cluster.name}", fontsize=9)
        axes.set_xlabel(
            f"{cluster.faces} faces\n{100 * cluster.purity:.0f} % {cluster.majority}", fontsize=8
        )
    return figure


def equalised_copies(faces_gray: np.ndarray) -> np.ndarray:
    """Faces, shape (n, size, size), uint8, as somebody's equalised JPEG copy has them."""
    copies = []
    for face in faces_gray:
        quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
        data = cv2.imencode(".jpg", cv2.equalizeHist(face), quality)[1]
        copies.append(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    return np.stack(copies)


def plot_equalised(photo: Path) -> Figure:
    """A face of the samples as it is and as an equalised copy, with the grey levels of both."""
    image = cv2.imread(str(photo))
    face = crop_faces(image, EmotionRecognizer.load().detector.detect(image)[:1], SIZE)[0]
    figure = new_figure(7, 4.2)
    upper, lower = figure.subplots(2, 2, height_ratios=(3, 2))
    both = (("true pixels", face), ("histogram-equalised copy", equalised_copies(face[None])[0]))
    for column, (name, picture) in enumerate(both):
        upper[column].imshow(picture, cmap="gray", vmin=0, vmax=255)
        upper[column].set(xticks=[], yticks=[], title=name)
        lower[column].hist(picture.ravel(), bins=32, range=(0, 256), color="#0b5394")
        lower[column].set(xlabel="grey level", ylabel="pixels", xlim=(0, 256))
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--output", type=Path, default=Path("docs/images"))
    parser.add_argument("--photo", type=Path, default=Path("samples/photos/obama.jpg"))
    parser.add_argument("--model", help="in place of the one that emocam carries")
    given = parser.parse_args()
    dataset = open_dataset(given.dataset)
    training = load_faces(dataset, undersample(dataset.part("train")), SIZE)
    test = load_faces(dataset, dataset.part("test"), SIZE)

    def save(name: str, figure: Figure | None) -> None:
        if figure is not None:
            path = given.output / f"study-{name}.png"
            save_png(figure, path)
            with Image.open(path) as image:  # 256 colours do on a page
                image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
                    path, optimize=True
                )

    save("equalised", plot_equalised(given.photo))
    save("mean-faces", plot_mean_faces([("train", training), ("test", test)]))
    carried = EmotionRecognizer.load(given.model).model
    equalised = evaluate(carried, replace(test, images=equalised_copies(test.images))).figures()
    print(f"PublicTest, equalised: {equalised['accuracy']:.1%}, "
          f"balanced {equalised['balanced_accuracy']:.1%}")  # fmt: skip
    for model in (fit_pixels(training)[0], carried):
        if not isinstance(model, Clustered):
            raise SystemExit(f"recipe {model.recipe} doesn't show its clusters")
        evaluation = evaluate(model, test)
        names = [model.labels[index] for index in model.cluster_names]
        figures = cluster_figures(evaluation.clusters, test.targets, names, test.labels)
        space = model.cluster_space(test.images)
        save(f"{model.recipe}-means", plot_cluster_means(model, test, evaluation.clusters))
        save(
            f"{model.recipe}-composition",
            plot_composition(figures, evaluation.clusters, test.targets, test.labels),
        )
        save(f"{model.recipe}-plane", plot_plane(space, test.targets, test.labels, model.centers))
        save(f"{model.recipe}-confusion", plot_confusion(evaluation))
        save(f"{model.recipe}-reliability", plot_reliability(evaluation))
        curve = cluster_curve(space)
        if curve is not None:
            save(f"{model.recipe}-curve", plot_curve(curve, len(names)))
    for page in word_pages(carried, test.images) if isinstance(carried, WordsModel) else ():
        save(f"vocabulary-{page.cell:g}", plot_vocabulary(page))


if __name__ == "__main__":
    main()
