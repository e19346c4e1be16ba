"""Figures of the clusters: what is in them, how many there might be, where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emocam.analysis.cluster_measures import ClusterCurve, ClusterFigures
from emocam.analysis.figures.base import mosaic, new_figure
from emocam.recognition.labels import color_hex, color_rgb
from emocam.training.faces import Faces
from emocam.types import FloatArray, ImageU8, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_CLUSTERS = 14
_NEAREST = 10
_MOST_POINTS = 1500
_APART = 0.055  # of the axes: numbers nearer than this would overlap
# Places to try around a centre, near ones first.
_AROUND = np.array(
    [(0.0, 0.0)]
    + [
        (radius * np.cos(angle), radius * np.sin(angle))
        for radius in (0.08, 0.15, 0.22)
        for angle in np.arange(0, 2 * np.pi, np.pi / 5)
    ]
)
_MARKERS = "osD^v<>Ph*"


def plot_gallery(
    figures: Sequence[ClusterFigures],
    faces: Faces,
    clusters: IntArray,
    distances: FloatArray,
    centers: Sequence[ImageU8] | None,
) -> Figure:
    """Gallery of the clusters: centre or mean face, then the faces nearest to the centre.

    Parameters
    ----------
    figures
        Figures of all clusters; of more than 14 the largest are shown.
    faces
        The faces that were clustered.
    clusters
        Shape (n,): cluster of each face.
    distances
        Shape (n,): distance of each face to its cluster's centre.
    centers
        The centres as pictures, where they are ones; otherwise the mean of the cluster's faces
        is shown.
    """
    shown = sorted(figures, key=lambda cluster: -cluster.faces)[:_MOST_CLUSTERS]
    shown = [cluster for cluster in shown if cluster.faces]
    figure = new_figure(9.5, 0.8 + 1.12 * len(shown))
    first = "centre" if centers is not None else "mean face"
    left_out = f" (the largest {len(shown)} of {len(figures)})" if len(shown) < len(figures) else ""
    figure.suptitle(f"Clusters{left_out}: {first}, then the faces nearest to the centre")
    grid = figure.subplots(len(shown), 2, squeeze=False, width_ratios=(1, _NEAREST))
    for (left, right), cluster in zip(grid, shown, strict=True):
        own = np.flatnonzero(clusters == cluster.number)
        nearest = own[np.argsort(distances[own], kind="stable")][:_NEAREST]
        mean = faces.images[own].mean(axis=0).astype(np.uint8)
        center = mean if centers is None else centers[cluster.number]
        blank = [np.full_like(mean, 255)] * (_NEAREST - len(nearest))
        row = mosaic([*faces.images[nearest], *blank], _NEAREST)
        for axes, image in ((left, center), (right, row)):
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
        left.spines[:].set(color=color_hex(cluster.name, faces.labels), linewidth=3)
        right.set_frame_on(False)
        right.set_title(
            f"cluster {cluster.number} = {cluster.name}: {cluster.faces} faces, "
            f"{100 * cluster.purity:.0f} % of them {cluster.majority}",
            fontsize=9,
            loc="left",
        )
    return figure


def plot_composition(
    figures: Sequence[ClusterFigures], clusters: IntArray, targets: IntArray, labels: Sequence[str]
) -> Figure:
    """Stacked bars: which labels the faces of each cluster bear."""
    shown = sorted(figures, key=lambda cluster: -cluster.faces)[:_MOST_CLUSTERS]
    shown = sorted(shown, key=lambda cluster: cluster.number)
    figure = new_figure(8.5, 1.9 + 0.42 * len(shown))
    axes = figure.subplots()
    places = np.arange(len(shown))
    start = np.zeros(len(shown))
    for number, label in enumerate(labels):
        faces = np.array([((clusters == c.number) & (targets == number)).sum() for c in shown])
        color = color_hex(label, tuple(labels))
        bars = axes.barh(places, faces, left=start, color=color, edgecolor="white", label=label)
        wide = faces > 0.06 * max(1, max(c.faces for c in shown))
        texts = [label[:2] if enough else "" for enough in wide]
        dark = np.mean(color_rgb(label, tuple(labels))) < 110
        axes.bar_label(
            bars,
            labels=texts,
            label_type="center",
            fontsize=8,
            color="white" if dark else "black",
        )
        start += faces
    axes.set_yticks(places, [f"{c.number} = {c.name}" for c in shown])
    axes.invert_yaxis()
    axes.set_xlabel("faces in the cluster, by true label")
    axes.set_ylabel("cluster")
    axes.set_title("What each cluster holds")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def plot_curve(curve: ClusterCurve, chosen: int) -> Figure:
    """Inertia and silhouette over the number of clusters; `chosen` is the model's number."""
    figure = new_figure(9, 3.8)
    figure.suptitle(f"How many clusters? {curve.faces} faces, K-Means anew for each number")
    left, right = figure.subplots(1, 2)
    left.plot(curve.numbers, curve.inertia, marker="o", color="#0b5394")
    left.set_ylabel("inertia: mean squared distance\nto the centre (squared units of the space)")
    right.plot(curve.numbers, curve.silhouette, marker="o", color="#0b5394")
    right.set_ylabel("mean silhouette (-1 to 1, no unit)")
    for axes in (left, right):
        axes.set_xlabel("number of clusters")
        axes.grid(alpha=0.3)
        if chosen <= max(curve.numbers):
            axes.axvline(chosen, linestyle="--", color="gray", label=f"the model's {chosen}")
            axes.legend()
    return figure


def plot_plane(
    space: FloatArray, targets: IntArray, labels: tuple[str, ...], centers: FloatArray
) -> Figure:
    """The faces in two planes: of the most variance (PCA), and of the best separation (LDA).

    Parameters
    ----------
    space
        Shape (n, d): where the faces lie.
    targets
        Shape (n,): their labels' numbers.
    labels
        The labels' names.
    centers
        Shape (clusters, d): centres of the clusters.
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline

    pca = PCA(2, random_state=0).fit(space)
    views = [("PCA: most variance", pca)]
    if len(np.unique(targets)) > 2 and space.shape[1] >= 2:
        few = PCA(min(40, *space.shape), random_state=0)  # keeps LDA from memorising the faces
        lda = make_pipeline(few, LinearDiscriminantAnalysis(n_components=2)).fit(space, targets)
        views.append(("LDA: best separation of the labels", lda))
    shown = np.random.default_rng(0).permutation(len(space))[:_MOST_POINTS]
    figure = new_figure(5.6 * len(views), 5.6)
    grid = figure.subplots(1, len(views), squeeze=False)
    for axes, (title, view) in zip(grid.flat, views, strict=True):
        _draw_plane(axes, view.transform(space[shown]), targets[shown], labels)
        _number_centers(axes, view.transform(centers)[:_MOST_CLUSTERS])
        axes.set_title(title)
        unit = "units of the cluster space" if view is pca else "within-label deviations"
        axes.set_xlabel(f"first component ({unit})")
        axes.set_ylabel(f"second component ({unit})")
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=7)
    figure.suptitle(f"{len(shown)} faces in the space of the clusters; numbers: cluster centres")
    return figure


def _number_centers(axes: Axes, centers: FloatArray) -> None:
    """Write each centre's number beside it, led there by a line where others are in the way."""
    limits = np.array([axes.get_xlim(), axes.get_ylim()])
    span = limits[:, 1] - limits[:, 0]
    taken: list[np.ndarray] = []
    for number, center in enumerate(centers):
        at = (center - limits[:, 0]) / span
        place = next(
            (p for p in at + _AROUND if all(np.abs(p - t).max() > _APART for t in taken)), at
        )
        taken.append(place)
        x, y = place * span + limits[:, 0]
        axes.plot((center[0], x), (center[1], y), color="black", lw=1, zorder=3)
        box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "alpha": 0.9}
        axes.text(x, y, str(number), ha="center", va="center", weight="bold", bbox=box, zorder=4)


def _draw_plane(axes: Axes, points: FloatArray, targets: IntArray, labels: tuple[str, ...]) -> None:
    for number, label in enumerate(labels):
        own = points[targets == number]
        axes.scatter(
            own[:, 0],
            own[:, 1],
            s=16,
            marker=_MARKERS[number % len(_MARKERS)],
            color=color_hex(label, labels),
            edgecolor="#00000066",
            linewidth=0.4,
            alpha=0.75,
            label=label,
        )
