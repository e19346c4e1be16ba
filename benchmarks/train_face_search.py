"""Train the detector: templates, their classifier, verifier, Haar ensemble.

Usage: python benchmarks/train_face_search.py FER2013_TRAIN PACKAGES OUTPUT [--small]

FER2013_TRAIN is the folder `train` of FER2013 (48×48 faces), PACKAGES the folder below which the
Debian packages that detection.md names were unpacked (`dpkg-deb -x NAME.deb PACKAGES/NAME`),
OUTPUT the safetensors file. This made emocam/detection/search.safetensors; --small only shows that
every step works.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import save_file
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression, Ridge

from emocam.detection.cell_gradients import gradient_cells, gradient_planes
from emocam.detection.haar import HaarEnsemble
from emocam.detection.nms import suppress_by_distance
from emocam.detection.oriented_boxes import FACE_PIXELS, TILT_UNIT_DEG
from emocam.detection.pyramid import image_pyramid
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.scan import (
    CELLS,
    TEMPLATE_CELLS,
    TEMPLATE_PIXELS,
    WINDOW_NUMBERS,
    ScanArrays,
    TemplateScan,
)
from emocam.detection.verifier import FaceVerifier
from emocam.errors import EmocamError
from emocam.io.photos import read_photo
from emocam.output import complete_file
from emocam.types import FloatArray, ImageU8

LEFT_OUT = Path(__file__).with_name("train_face_search_left_out.txt")
TILTS = (-36.0, -18.0, 0.0, 18.0, 36.0)
MINING_ROUNDS = 3
RECALL_OF_SCAN = 0.985
SCAN_SIZE = {"components": 64, "centers": 300, "spread": 2.0}
VERIFIER_SIZE = {"components": 128, "centers": 800, "spread": 2.0}
NO_FACES = 0.015  # share of FER2013's pictures that show hardly a face
RARER = 5.8  # logit: faces are so much rarer among a photo's candidates than in training
PIXELS_OF_NONFACES = 700
RNG = np.random.default_rng(0)

Boxed = tuple[list[ImageU8], FloatArray]  # image pyramid of a picture, and frames in it
Rows = tuple[FloatArray, FloatArray, FloatArray]  # frames, windows, templates


def grays(files: list[Path], longest: int) -> list[ImageU8]:
    pictures = []
    for path in files:
        try:
            gray = cv2.cvtColor(read_photo(path), cv2.COLOR_BGR2GRAY)
        except EmocamError:
            continue
        shrink = min(1.0, longest / max(gray.shape))
        pictures.append(cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
    return pictures


def nonface_files(packages: Path) -> list[Path]:
    """Pictures of the packages, without the drawings of classes and those that show faces."""
    left_out = set(LEFT_OUT.read_text(encoding="utf-8").splitlines())
    kept = []
    for path in sorted(packages.rglob("*")):
        name = path.relative_to(packages).as_posix()
        picture = path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp") and path.is_file()
        drawn = "/opencv4/html/d" in name or "/search/" in name or "graph" in path.name
        copy = "plasma" in name and path.parent.name not in ("images", "images_dark")
        if picture and not path.is_symlink() and not drawn and not copy and name not in left_out:
            kept.append(path)
    return kept


def different(pictures: list[ImageU8]) -> list[ImageU8]:
    """Without tiny, plain and repeated ones."""
    looks: dict[bytes, ImageU8] = {}
    for gray in pictures:
        tiny = cv2.resize(gray, (12, 12), interpolation=cv2.INTER_AREA)
        if min(gray.shape) >= 64 and tiny.std() > 1:
            looks.setdefault((tiny > tiny.mean()).tobytes() + bytes([int(tiny.mean()) // 8]), gray)
    return list(looks.values())


def background(nonfaces: list[ImageU8], side: int) -> ImageU8:
    """A random part of a picture without faces."""
    while True:
        gray = nonfaces[RNG.integers(len(nonfaces))]
        if min(gray.shape) > side:
            span = int(RNG.integers(side, min(6 * side, *gray.shape)))
            y, x = RNG.integers(gray.shape[0] - span), RNG.integers(gray.shape[1] - span)
            return cv2.resize(
                gray[y : y + span, x : x + span], (side, side), interpolation=cv2.INTER_AREA
            )


def placed(face: ImageU8, ground: ImageU8, side: float, tilt: float, shift: FloatArray) -> ImageU8:
    """The face on the background, its edge blended; `side` in pixels, `shift` in pixels of 48."""
    border = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101)[RNG.integers(2)]
    wide = cv2.copyMakeBorder(face, 12, 12, 12, 12, border)
    scale, size = side / FACE_PIXELS, ground.shape[0]
    turn = cv2.getRotationMatrix2D((35.5, 35.5), tilt, scale)
    turn[:, 2] += size / 2 - 36 + shift * scale
    if scale < 0.75:
        wide = cv2.GaussianBlur(wide, (0, 0), 0.35 / scale)
    front = cv2.warpAffine(wide, turn, (size, size), borderMode=border)
    share = cv2.warpAffine(edge(), turn, (size, size))
    return (front * share + ground * (1 - share)).astype(np.uint8)


def edge() -> FloatArray:
    """How much of 72×72 pixels around a face is seen: an edge that betrays nothing of the frame."""
    seen = np.zeros((72, 72), np.float32)
    if RNG.random() < 0.5:
        top, bottom, left, right = RNG.integers(3, 16, 4)
        seen[top : 72 - bottom, left : 72 - right] = 1
    else:
        axes = int(RNG.integers(23, 34)), int(RNG.integers(26, 36))
        center = int(RNG.integers(34, 39)), int(RNG.integers(34, 39))
        cv2.ellipse(seen, center, axes, 0, 0, 360, 1.0, -1)
    return cv2.blur(seen, (blur := int(RNG.integers(3, 12)), blur))


def worn(faces: list[ImageU8], mirror: bool = True) -> ImageU8:
    """A random face, perhaps mirrored, covered, small, blurred, dim, lit from a side or noisy."""
    face = faces[RNG.integers(len(faces))]
    face = np.ascontiguousarray(face[:, ::-1]) if mirror and RNG.random() < 0.5 else face
    if RNG.random() < 0.15:
        face = covered(face)
    chance = RNG.random()
    if chance < 0.35:
        small = cv2.resize(face, (n := int(RNG.integers(20, 40)), n), interpolation=cv2.INTER_AREA)
        face = cv2.resize(small, (FACE_PIXELS, FACE_PIXELS))
    elif chance < 0.5:
        face = cv2.GaussianBlur(face, (0, 0), RNG.uniform(0.5, 1.2))
    values = face.astype(np.float32)
    if RNG.random() < 0.2:
        turn = RNG.uniform(0, 2 * np.pi)
        along = np.linspace(-1, 1, FACE_PIXELS)
        across = np.cos(turn) * along + np.sin(turn) * along[:, None] + RNG.uniform(-0.3, 0.3)
        values *= 1 - RNG.uniform(0.3, 0.7) / (1 + np.exp(across * RNG.uniform(2, 15)))
    if RNG.random() < 0.5:
        values = (values - 128) * RNG.uniform(0.4, 1.2) + 128 + RNG.uniform(-40, 40)
    if RNG.random() < 0.25:
        values = values + RNG.normal(0, RNG.uniform(1, 8), values.shape)
    return np.clip(values, 0, 255).astype(np.uint8)


def covered(face: ImageU8) -> ImageU8:
    """The face with a hat, glasses, or a hand or mask over the chin."""
    face, shade = face.copy(), int(RNG.integers(0, 256))
    chance = RNG.random()
    if chance < 0.35:
        face[: RNG.integers(4, 12)] = shade
    elif chance < 0.5:
        face[-RNG.integers(4, 10) :] = shade
    else:
        radius, thick = int(RNG.integers(6, 10)), int(RNG.choice((-1, 1, 1, 2)))
        for x in (14, 34):
            cv2.circle(face, (x, int(RNG.integers(16, 19))), radius, shade // 3, thick)
    return face


def pose_offsets(frames: FloatArray, true: FloatArray) -> FloatArray:
    """What `apply_pose_offsets` needs to bring the frames to the true ones, shape (n, 4)."""
    along = (true[:, :2] - frames[:, :2]) / frames[:, 2:3]
    turn = np.deg2rad(frames[:, 3])
    right = np.cos(turn) * along[:, 0] - np.sin(turn) * along[:, 1]
    down = np.sin(turn) * along[:, 0] + np.cos(turn) * along[:, 1]
    growth, tilt = np.log(true[:, 2] / frames[:, 2]), (true[:, 3] - frames[:, 3]) / TILT_UNIT_DEG
    return np.stack([right, down, growth, tilt], axis=1)


def logistic(rows: FloatArray, truth: FloatArray, strength: float) -> tuple[FloatArray, float]:
    model = LogisticRegression(C=strength, solver="lbfgs", max_iter=300, tol=1e-3)
    model.fit(rows, truth)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def without_the_worst(
    faces: list[ImageU8], nonfaces: list[ImageU8], verifier: FaceVerifier
) -> list[ImageU8]:
    """FER2013 without what looks least like its faces: empty pictures, texts, drawings."""
    grounds = [background(nonfaces, FACE_PIXELS) for _ in range(len(faces) // 4)]
    frame = np.array([[FACE_PIXELS / 2, FACE_PIXELS / 2, FACE_PIXELS, 0]], np.float32)
    rows = np.vstack([verifier.describe([one], frame) for one in faces + grounds])
    truth = np.arange(len(rows)) < len(faces)
    weights, _ = logistic(rows, truth, 0.01)
    scores = rows[: len(faces)] @ weights
    return [faces[n] for n in np.flatnonzero(scores > np.quantile(scores, NO_FACES))]


def face_windows(
    faces: list[ImageU8], nonfaces: list[ImageU8], tilt: float, n: int
) -> tuple[FloatArray, FloatArray]:
    """Windows over faces tilted about so, shape (n, 252), and the ways back, shape (n, 4)."""
    rows, frames, true = [], [], []
    for _ in range(n):
        cell = CELLS[RNG.integers(len(CELLS))]
        size = 2 * round((TEMPLATE_CELLS + 4) * cell / 2)
        side = TEMPLATE_CELLS * cell * np.exp(RNG.uniform(-0.13, 0.13))
        turned, shift = tilt + RNG.uniform(-11, 11), RNG.uniform(-4.5, 4.5, 2)
        ground = background(nonfaces, size)
        cells = gradient_cells(
            gradient_planes(placed(worn(faces), ground, side, turned, shift)), cell
        )
        rows.append(cells[2 : 2 + TEMPLATE_CELLS, 2 : 2 + TEMPLATE_CELLS].ravel())
        middle = (2 + TEMPLATE_CELLS / 2) * cell
        frames.append((middle, middle, TEMPLATE_CELLS * cell, tilt))
        true.append((*(size / 2 + shift * side / FACE_PIXELS), side, turned))
    return np.array(rows, np.float32), pose_offsets(np.array(frames), np.array(true))


def any_window(nonfaces: list[ImageU8]) -> FloatArray:
    cell = CELLS[RNG.integers(len(CELLS))]
    part = background(nonfaces, 2 * round((TEMPLATE_CELLS + 1) * cell / 2))
    cells = gradient_cells(gradient_planes(part), cell)
    return cells[:TEMPLATE_CELLS, :TEMPLATE_CELLS].ravel()


def fit_scan(faces: list[ImageU8], nonfaces: list[ImageU8], n: int) -> TemplateScan:
    """One template a tilt, trained on random windows, then on those it takes for faces."""
    right = [face_windows(faces, nonfaces, tilt, n) for tilt in TILTS]
    poses = [Ridge(alpha=30).fit(rows, ways) for rows, ways in right]
    pose_weights = np.stack([pose.coef_.T for pose in poses]).astype(np.float32)
    pose_biases = np.stack([pose.intercept_ for pose in poses]).astype(np.float32)
    wrong = np.array([any_window(nonfaces) for _ in range(2 * n)], np.float32)
    tilts, blank = np.array(TILTS, np.float32), blank_classifier()
    for round_ in range(MINING_ROUNDS + 1):
        fitted = [
            logistic(np.vstack([rows, wrong]), np.r_[np.ones(n), np.zeros(len(wrong))], 0.02)
            for rows, _ in right
        ]
        weights = np.stack([weight for weight, _ in fitted], axis=1)
        biases = np.array([bias for _, bias in fitted], np.float32)
        best = np.concatenate([(rows @ weights + biases).max(axis=1) for rows, _ in right])
        threshold = float(np.quantile(best, 1 - RECALL_OF_SCAN))
        scan = TemplateScan(
            ScanArrays(weights, biases, tilts, threshold, pose_weights, pose_biases, blank)
        )
        mined = mined_windows(scan, nonfaces, 40 if round_ < MINING_ROUNDS else 150)
        told(f"scan, round {round_}: {len(wrong)} non-faces, threshold {threshold:.2f}")
        if round_ < MINING_ROUNDS:
            wrong = np.vstack([wrong, mined])
    classifier = fit_classifier(np.vstack([rows for rows, _ in right]), mined, **SCAN_SIZE)
    return TemplateScan(
        ScanArrays(weights, biases, tilts, threshold, pose_weights, pose_biases, classifier)
    )


def mined_windows(scan: TemplateScan, nonfaces: list[ImageU8], most: int) -> FloatArray:
    """Windows that the scan takes for faces where there are none, shape (windows, 252)."""
    found = (
        windows[:most]
        for gray in nonfaces
        for _, windows, _ in islice(scan.windows(image_pyramid(gray), TEMPLATE_PIXELS), 1)
    )
    return np.concatenate([*found, np.empty((0, WINDOW_NUMBERS), np.float32)])


def blank_classifier() -> RbfClassifier:
    none = np.zeros((0, 0), np.float32)
    return RbfClassifier(none, none, none, 1.0, none, 0.0)


def fit_classifier(
    right: FloatArray,
    wrong: FloatArray,
    components: int,
    centers: int,
    spread: float,
) -> RbfClassifier:
    """Principal components, K-Means centres of both kinds, logit from nearness to them."""
    rows = np.vstack([right, wrong])
    truth = np.r_[np.ones(len(right)), np.zeros(len(wrong))]
    mean = rows.mean(axis=0)
    sizes, axes = np.linalg.eigh(np.cov((rows - mean)[:: max(1, len(rows) // 20000)].T))
    sizes, axes = sizes[::-1], axes[:, ::-1]
    project = axes[:, :components] / np.sqrt(sizes[:components] + sizes[components // 4])
    project = project.astype(np.float16).astype(np.float32)
    biases = (-mean @ project).astype(np.float32)
    points = rows @ project + biases
    half = min(centers // 2, len(right) // 4, len(wrong) // 4)
    found = np.vstack(
        [
            MiniBatchKMeans(half, n_init=1, batch_size=2048, random_state=0)
            .fit(points[truth == kind])
            .cluster_centers_
            for kind in (1, 0)
        ]
    )
    found = found.astype(np.float16).astype(np.float32)
    away = ((points[:2000, None] - found[None, ::10]) ** 2).sum(axis=2)
    blank = np.zeros(len(found) + components, np.float32)
    classifier = RbfClassifier(project, biases, found, spread / float(np.median(away)), blank, 0.0)
    near = classifier.features(rows)
    scale = near.std(axis=0) + 1e-6
    scale[len(found) :] *= 3  # the linear part helps, but the centres decide
    weights, bias = logistic(near / scale, truth, 0.01)
    return RbfClassifier(project, biases, found, classifier.gamma, weights / scale, bias)


def faces_placed(
    faces: list[ImageU8], nonfaces: list[ImageU8], n: int, off: float
) -> Iterator[tuple[Boxed, FloatArray]]:
    """Faces on backgrounds with a frame that is a little off, and the true frame."""
    for _ in range(n):
        tilt = RNG.uniform(-45, 45)
        ground = background(nonfaces, 96)
        picture = placed(worn(faces), ground, FACE_PIXELS, tilt, np.zeros(2))
        shift, growth = RNG.uniform(-0.14, 0.14, 2) * off, np.exp(RNG.uniform(-0.22, 0.22) * off)
        center = 48 + shift * FACE_PIXELS
        frame = (*center, FACE_PIXELS * growth, tilt + RNG.uniform(-22, 22) * off)
        true = np.array([[48, 48, FACE_PIXELS, tilt]], np.float32)
        yield ([picture], np.array([frame], np.float32)), true


def fit_verifier(
    faces: list[ImageU8], nonfaces: list[ImageU8], scan: TemplateScan, n: int
) -> FaceVerifier:
    """Pose regression, then two rounds of telling faces from what the search takes for them."""
    none = np.zeros((FACE_PIXELS, 0), np.float32)
    verifier = FaceVerifier(none, none, blank_classifier())
    rows, ways = [], []
    for (pyramid, frames), true in faces_placed(faces, nonfaces, 3 * n, 1.0):
        rows.append(verifier.describe(pyramid, frames)[0])
        ways.append(pose_offsets(frames, true)[0])
    pose = Ridge(alpha=30).fit(np.array(rows), np.array(ways))
    pose_weights, pose_biases = pose.coef_.T.astype(np.float32), pose.intercept_.astype(np.float32)
    told(f"pose: {np.abs(pose.predict(np.array(rows)) - ways).mean(axis=0).round(3)} off")
    near = faces_placed(faces, nonfaces, 3 * n, 0.45)
    right = np.concatenate([verifier.describe(pyramid, frames) for (pyramid, frames), _ in near])
    middle = np.array([[FACE_PIXELS / 2, FACE_PIXELS / 2, FACE_PIXELS, 0]], np.float32)
    parts = [background(nonfaces, FACE_PIXELS) for _ in range(n // 2)]  # plain ones, too
    wrong = np.concatenate([verifier.describe([part], middle) for part in parts])
    for round_ in range(2):
        negative_boxes = negatives(
            FaceVerifier(pose_weights, pose_biases, verifier.classifier), scan, nonfaces, round_
        )
        described = [verifier.describe(pyramid, frames) for pyramid, frames in negative_boxes]
        wrong = np.concatenate([wrong, *described])
        verifier.classifier = fit_classifier(right, wrong, **VERIFIER_SIZE)
        believed = (verifier.classifier.logits(wrong) > 0).mean()
        told(f"verifier, round {round_}: {len(right)} faces, {len(wrong)} not, {believed:.2%} kept")
    return FaceVerifier(pose_weights, pose_biases, verifier.classifier)


def negatives(
    verifier: FaceVerifier, scan: TemplateScan, nonfaces: list[ImageU8], round_: int
) -> Iterator[Boxed]:
    """What the verifier is shown where there is no face: first all, then what it believes."""
    for gray in nonfaces:
        pyramid = image_pyramid(gray)
        frames = scan.search(pyramid, TEMPLATE_PIXELS, 60)[:60]
        if round_ and len(frames):
            scored, refined = verifier.score(pyramid, frames)
            again = verifier.score(pyramid, refined[scored[:, 4] > -3])[0]
            scored = np.concatenate([scored, again])
            frames = suppress_by_distance(scored[scored[:, 4] > -1.5])[:60]
        if len(frames):
            yield pyramid, frames[:, :4]


def fit_ensemble(
    verifier: FaceVerifier, right: Iterator[Boxed], wrong: Iterator[Boxed]
) -> tuple[FloatArray, float]:
    ensemble = HaarEnsemble(np.zeros(5, np.float32), 0.0)
    rows, truth = [], []
    for kind, seen in ((1, right), (0, wrong)):
        for pyramid, frames in seen:
            scored = verifier.score(pyramid, verifier.score(pyramid, frames)[1])[0]
            scored = scored[scored[:, 4] > -2]
            if len(scored):
                rows.append(ensemble.features(pyramid, scored))
                truth += [kind] * len(scored)
    told(f"ensemble: {sum(truth)} faces, {len(truth) - sum(truth)} not")
    weights, bias = logistic(np.vstack(rows), np.array(truth), 1.0)
    return weights, bias - RARER


def told(line: str) -> None:
    print(f"{time.process_time():.0f} s  {line}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("faces", type=Path)
    parser.add_argument("packages", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    n = 300 if given.small else 10000
    faces = grays(sorted(given.faces.rglob("*.[jp][pn]g")), FACE_PIXELS)
    files = nonface_files(given.packages)
    nonfaces = different(grays(files[::20] if given.small else files, PIXELS_OF_NONFACES))
    told(f"{len(faces)} faces, {len(nonfaces)} pictures without")
    none = np.zeros((FACE_PIXELS, 0), np.float32)
    faces = without_the_worst(faces, nonfaces, FaceVerifier(none, none, blank_classifier()))
    scan = fit_scan(faces, nonfaces, n)
    verifier = fit_verifier(faces, nonfaces, scan, n)
    fresh = (seen for seen, _ in faces_placed(faces, nonfaces, n // 3, 0.45))
    votes = fit_ensemble(verifier, fresh, negatives(verifier, scan, nonfaces[::3], 1))
    save(given.output, scan.arrays, verifier, votes)


def save(
    output: Path, scan: ScanArrays, verifier: FaceVerifier, votes: tuple[FloatArray, float]
) -> None:
    arrays = {
        "scan_weights": scan.weights,
        "scan_biases": scan.biases,
        "scan_tilts_deg": scan.tilts_deg,
        "scan_threshold": np.array([scan.threshold]),
        "scan_pose_weights": scan.pose_weights,
        "scan_pose_biases": scan.pose_biases,
        "pose_weights": verifier.pose_weights,
        "pose_biases": verifier.pose_biases,
        "vote_weights": votes[0],
        "vote_bias": np.array([votes[1]]),
    }
    save_search(output, {}, {"scan": scan.classifier, "look": verifier.classifier}, arrays)


def save_search(
    output: Path,
    kept: Mapping[str, FloatArray],
    classifiers: Mapping[str, RbfClassifier],
    arrays: Mapping[str, FloatArray],
) -> None:
    """Write what the search carries: what it had, and the classifiers and arrays learnt anew.

    Projections and centres are kept at half precision, and so are arrays that come so.
    """
    found = {**arrays}
    for name, classifier in classifiers.items():
        found |= {
            f"{name}_project_weights": classifier.project_weights.astype(np.float16),
            f"{name}_project_biases": classifier.project_biases,
            f"{name}_centers": classifier.centers.astype(np.float16),
            f"{name}_gamma": np.array([classifier.gamma]),
            f"{name}_judge_weights": classifier.weights,
            f"{name}_judge_bias": np.array([classifier.bias]),
        }
    # Contiguous, since the file holds the memory as it lies.
    whole = dict(kept) | {
        name: np.ascontiguousarray(one, np.float16 if one.dtype == np.float16 else np.float32)
        for name, one in found.items()
    }
    with complete_file(output) as temporary:
        save_file(whole, temporary)


if __name__ == "__main__":
    main()
