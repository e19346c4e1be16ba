"""Which visual words a decision rests on, and what the words look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emocam.recognition.codebook import Codebook, Scale
from emocam.recognition.descriptors import (
    CELLS,
    LENGTH,
    ORIENTATIONS,
    grid_points,
    orientation_maps,
)
from emocam.recognition.words_model import WordsModel
from emocam.types import FloatArray, ImageU8, IntArray

_STRONGEST = 3


@dataclass(frozen=True, eq=False)
class WordEvidence:
    """What one visual word says about one face."""

    # Number of the vocabulary and of the word in it
    scale: int
    word: int
    # By how much the lead of the label over the second choice shrinks when the word is ignored:
    # above 0 it spoke for the label
    weight: float
    center_yx: tuple[float, float]  # where on the face the word is found most clearly, in pixels
    side: float  # side of the patch that the word describes, in pixels
    # Shape (4, 4, 8), float32: the word itself, the strength of each cell's orientations
    glyph: FloatArray


def strongest_words(
    model: WordsModel, face_gray: ImageU8, label: int, second: int
) -> list[WordEvidence]:
    """Three words that speak most for the label, then three that speak most against it.

    Parameters
    ----------
    model
        The fitted recipe.
    face_gray
        Shape (size, size), uint8.
    label, second
        Numbers of the label and of the second choice.
    """
    features = model.describe(face_gray[None])
    lead = _lead(model, features, label, second)[0]
    ranked: list[tuple[float, int, int]] = []
    start = 0
    for number, scale in enumerate(model.scales):
        codebook = scale.codebook
        words = len(codebook.centers)
        block = np.arange(start, start + codebook.length).reshape(codebook.cells**2, words, -1)
        without = np.repeat(features, words, axis=0)
        for word in range(words):
            without[word, block[:, word]] = 0
        changes = lead - _lead(model, without, label, second)
        ranked += [(float(change), number, word) for word, change in enumerate(changes)]
        start += codebook.length
    ranked.sort(reverse=True)
    speaking = [item for item in ranked[:_STRONGEST] if item[0] > 0]
    speaking += [item for item in ranked[::-1][:_STRONGEST] if item[0] < 0]
    return [_found(model.scales[number], face_gray, change, number, word)
            for change, number, word in speaking]  # fmt: skip


def _lead(model: WordsModel, features: FloatArray, label: int, second: int) -> FloatArray:
    evidence = model.clusters.logits(model.scores(features))
    return np.asarray(evidence[:, label] - evidence[:, second], dtype=np.float32)


def _found(scale: Scale, face_gray: ImageU8, weight: float, number: int, word: int) -> WordEvidence:
    similar = _similarity(scale, face_gray[None])[0][:, word]
    points = grid_points(len(face_gray), scale.step)
    row, column = divmod(int(similar.argmax()), len(points))
    return WordEvidence(
        scale=number,
        word=word,
        weight=weight,
        center_yx=(float(points[row]), float(points[column])),
        side=CELLS * scale.cell,
        glyph=word_glyph(scale.codebook, word),
    )


def _similarity(scale: Scale, faces_gray: ImageU8) -> FloatArray:
    """Cosine of each descriptor to each word, shape (n, points², words)."""
    codebook, descriptors = scale.codebook, scale.describe(orientation_maps(faces_gray))
    whitened = codebook.whiten(descriptors.reshape(-1, LENGTH))
    return np.asarray(whitened @ codebook.centers.T, np.float32).reshape(
        len(faces_gray), -1, len(codebook.centers)
    )


def word_glyph(codebook: Codebook, word: int) -> FloatArray:
    """The word's centre as a descriptor again, shape (4, 4, 8), at least 0."""
    back = np.linalg.pinv(codebook.whitening)
    # Whitened coordinates have variance 1, so before it was made unit length a descriptor's
    # length was about the square root of their number.
    descriptor = codebook.mean + len(back) ** 0.5 * (codebook.centers[word] @ back)
    strength = np.square(np.maximum(descriptor, 0))  # descriptors are square roots
    return np.asarray(strength.reshape(CELLS, CELLS, ORIENTATIONS), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class WordPage:
    """The words of one scale as pictures."""

    cell: float  # of the descriptors, in pixels
    # Shape (words, side, side), uint8: mean of the patches that are nearest to each word, stretched
    # to full contrast
    patches: ImageU8
    counts: IntArray  # shape (words,), int64: how many patches that were


def word_pages(model: WordsModel, faces_gray: ImageU8, *, most_faces: int = 400) -> list[WordPage]:
    """Mean patch of each visual word over some faces.

    Parameters
    ----------
    model
        The fitted recipe.
    faces_gray
        Shape (n, size, size), uint8; of more than `most_faces` some are used, each time the
        same.
    """
    rows = np.random.default_rng(0).permutation(len(faces_gray))[:most_faces]
    chosen = faces_gray[np.sort(rows)]
    return [_page(scale, chosen) for scale in model.scales]


def _page(scale: Scale, faces_gray: ImageU8) -> WordPage:
    side = round(CELLS * scale.cell)
    points = grid_points(faces_gray.shape[1], scale.step)
    starts = np.rint(points - (side - 1) / 2).astype(int) + side
    count = len(scale.codebook.centers)
    sums = np.zeros((count, side, side))
    counts = np.zeros(count, dtype=np.int64)
    for face in faces_gray:
        nearest = _similarity(scale, face[None])[0].argmax(axis=1)
        padded = np.pad(face, side, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))
        np.add.at(sums, nearest, windows[np.ix_(starts, starts)].reshape(-1, side, side))
        np.add.at(counts, nearest, 1)
    return WordPage(scale.cell, _stretched(sums / np.maximum(counts, 1)[:, None, None]), counts)


def _stretched(patches: np.ndarray) -> ImageU8:
    low = patches.min(axis=(1, 2), keepdims=True)
    high = patches.max(axis=(1, 2), keepdims=True)
    return np.asarray((patches - low) / np.maximum(high - low, 1e-9) * 255, dtype=np.uint8)


def cut_patch(face_gray: ImageU8, evidence: WordEvidence) -> ImageU8:
    """The part of the face where the word is found, the border repeated."""
    side = round(evidence.side)
    padded = np.pad(face_gray, side, mode="edge")
    top, left = (round(at - (side - 1) / 2) + side for at in evidence.center_yx)
    return padded[top : top + side, left : left + side]
