"""Learn the face search anew: templates, second look, verifier, votes.

Usage: python benchmarks/train_face_search.py FER2013_TRAIN PACKAGES OUTPUT [--small]

FER2013_TRAIN is the folder `train` of FER2013 (48×48 faces), PACKAGES the folder below which the
Debian packages that detection.md names were unpacked (`dpkg-deb -x NAME.deb PACKAGES/NAME`),
OUTPUT the safetensors file. This made emocam/faces/search.safetensors; --small only shows that
every step works.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import save_file
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression, Ridge

from emocam.detection.cell_gradients import gradient_cells, gradient_planes
from emocam.detection.centroid_classifier import CenterJudge
from emocam.detection.haar import HaarVote
from emocam.detection.oriented_boxes import FACE_PIXELS, TILT_UNIT_DEG, halvings
from emocam.detection.scan import (
    CELLS,
    TEMPLATE_CELLS,
    TEMPLATE_PIXELS,
    WINDOW_NUMBERS,
    ScanArrays,
    TemplateScan,
    apart,
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
LOOK_SIZE = {"components": 128, "centers": 800, "spread": 2.0}
NO_FACES = 0.015  # share of FER2013's pictures that show hardly a face
RARER = 5.8  # log-odds: faces are so much rarer among a photo's candidates than in training
PIXELS_OF_NONFACES = 700
RNG = np.random.default_rng(0)

Seen = tuple[list[ImageU8], FloatArray]  # halvings of a picture, and frames in it
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


def worn(faces: list[ImageU8]) -> ImageU8:
    """A random face, perhaps mirrored, covered, small, blurred, dim, lit from a side or noisy."""
    face = faces[RNG.integers(len(faces))]
    face = np.ascontiguousarray(face[:, ::-1]) if RNG.random() < 0.5 else face
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


def way_back(frames: FloatArray, true: FloatArray) -> FloatArray:
    """How the frames must be mended, shape (n, 4), see `frames.mended`."""
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
    return np.array(rows, np.float32), way_back(np.array(frames), np.array(true))


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
    tilts, blank = np.array(TILTS, np.float32), blank_judge()
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
    judge = fit_judge(np.vstack([rows for rows, _ in right]), mined, **SCAN_SIZE)
    return TemplateScan(
        ScanArrays(weights, biases, tilts, threshold, pose_weights, pose_biases, judge)
    )


def mined_windows(scan: TemplateScan, nonfaces: list[ImageU8], most: int) -> FloatArray:
    """Windows that the scan takes for faces where there are none, shape (windows, 252)."""
    found = (scan.windows(halvings(gray), TEMPLATE_PIXELS)[1][:most] for gray in nonfaces)
    return np.concatenate([*found, np.empty((0, WINDOW_NUMBERS), np.float32)])


def blank_judge() -> CenterJudge:
    none = np.zeros((0, 0), np.float32)
    return CenterJudge(none, none, none, 1.0, none, 0.0)


def fit_judge(
    right: FloatArray, wrong: FloatArray, components: int, centers: int, spread: float
) -> CenterJudge:
    """Principal components, K-Means centres of both kinds, log-odds from nearness to them."""
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
    judge = CenterJudge(project, biases, found, spread / float(np.median(away)), found, 0.0)
    near = judge.evidence(rows)
    scale = near.std(axis=0) + 1e-6
    scale[len(found) :] *= 3  # the linear part helps, but the centres decide
    weights, bias = logistic(near / scale, truth, 0.01)
    return CenterJudge(project, biases, found, judge.gamma, weights / scale, bias)


def faces_seen(
    faces: list[ImageU8], nonfaces: list[ImageU8], n: int, off: float
) -> Iterator[tuple[Seen, FloatArray]]:
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
    verifier = FaceVerifier(none, none, blank_judge())
    rows, ways = [], []
    for (halves, frames), true in faces_seen(faces, nonfaces, 3 * n, 1.0):
        rows.append(verifier.describe(halves, frames)[0])
        ways.append(way_back(frames, true)[0])
    pose = Ridge(alpha=30).fit(np.array(rows), np.array(ways))
    pose_weights, pose_biases = pose.coef_.T.astype(np.float32), pose.intercept_.astype(np.float32)
    told(f"pose: {np.abs(pose.predict(np.array(rows)) - ways).mean(axis=0).round(3)} off")
    near = faces_seen(faces, nonfaces, 3 * n, 0.45)
    right = np.concatenate([verifier.describe(halves, frames) for (halves, frames), _ in near])
    middle = np.array([[FACE_PIXELS / 2, FACE_PIXELS / 2, FACE_PIXELS, 0]], np.float32)
    parts = [background(nonfaces, FACE_PIXELS) for _ in range(n // 2)]  # plain ones, too
    wrong = np.concatenate([verifier.describe([part], middle) for part in parts])
    for round_ in range(2):
        looked = looks(
            FaceVerifier(pose_weights, pose_biases, verifier.judge), scan, nonfaces, round_
        )
        described = [verifier.describe(halves, frames) for halves, frames in looked]
        wrong = np.concatenate([wrong, *described])
        verifier.judge = fit_judge(right, wrong, **LOOK_SIZE)
        believed = (verifier.judge.log_odds(wrong) > 0).mean()
        told(f"look, round {round_}: {len(right)} faces, {len(wrong)} not, {believed:.2%} believed")
    return FaceVerifier(pose_weights, pose_biases, verifier.judge)


def looks(
    verifier: FaceVerifier, scan: TemplateScan, nonfaces: list[ImageU8], round_: int
) -> Iterator[Seen]:
    """What the verifier is shown where there is no face: first all, then what it believes."""
    for gray in nonfaces:
        halves = halvings(gray)
        frames = scan.search(halves, TEMPLATE_PIXELS, 60)[:60]
        if round_ and len(frames):
            judged, mended = verifier.look(halves, frames)
            again = verifier.look(halves, mended[judged[:, 4] > -3])[0]
            judged = np.concatenate([judged, again])
            frames = apart(judged[judged[:, 4] > -1.5])[:60]
        if len(frames):
            yield halves, frames[:, :4]


def fit_votes(
    verifier: FaceVerifier, right: Iterator[Seen], wrong: Iterator[Seen]
) -> tuple[FloatArray, float]:
    vote = HaarVote(np.zeros(5, np.float32), 0.0)
    rows, truth = [], []
    for kind, seen in ((1, right), (0, wrong)):
        for halves, frames in seen:
            judged = verifier.look(halves, verifier.look(halves, frames)[1])[0]
            judged = judged[judged[:, 4] > -2]
            if len(judged):
                rows.append(vote.ballots(halves, judged))
                truth += [kind] * len(judged)
    told(f"votes: {sum(truth)} faces, {len(truth) - sum(truth)} not")
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
    faces = grays(sorted(given.faces.rglob("*.jpg")), FACE_PIXELS)
    files = nonface_files(given.packages)
    nonfaces = different(grays(files[::20] if given.small else files, PIXELS_OF_NONFACES))
    told(f"{len(faces)} faces, {len(nonfaces)} pictures without")
    none = np.zeros((FACE_PIXELS, 0), np.float32)
    faces = without_the_worst(faces, nonfaces, FaceVerifier(none, none, blank_judge()))
    scan = fit_scan(faces, nonfaces, n)
    verifier = fit_verifier(faces, nonfaces, scan, n)
    fresh = (seen for seen, _ in faces_seen(faces, nonfaces, n // 3, 0.45))
    votes = fit_votes(verifier, fresh, looks(verifier, scan, nonfaces[::3], 1))
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
    halved = {}
    for name, judge in (("scan", scan.judge), ("look", verifier.judge)):
        halved |= {
            f"{name}_project_weights": judge.project_weights,
            f"{name}_centers": judge.centers,
        }
        arrays[f"{name}_project_biases"] = judge.project_biases
        arrays[f"{name}_gamma"] = np.array([judge.gamma])
        arrays[f"{name}_judge_weights"] = judge.weights
        arrays[f"{name}_judge_bias"] = np.array([judge.bias])
    # Contiguous, since the file holds the memory as it lies.
    kept = {name: np.ascontiguousarray(one, np.float32) for name, one in arrays.items()}
    kept |= {name: np.ascontiguousarray(one, np.float16) for name, one in halved.items()}
    with complete_file(output) as temporary:
        save_file(kept, temporary)


if __name__ == "__main__":
    main()
