"""Frontal faces turned in 3D by known angles: what the detector's turned views learn from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from emocam.types import FloatArray, ImageU8

SIDE = 48  # pixels of a face
GRID = 4  # points a pixel
FAR = 260.0  # pixels from the viewer
CENTERED = (0.6, 1.1)  # of the way, eyes and mouth are brought back to the middle


@dataclass(frozen=True)
class Head:
    """An ellipsoid with a nose and eye sockets; half axes and height of the nose in pixels."""

    width: float = 23.5
    height: float = 34.0
    depth: float = 25.0
    nose: float = 7.0

    def surface(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """How far the surface lies before the ears' plane; x and y from the crop's middle."""
        inside = 1 - (x / self.width) ** 2 - ((y + 2) / self.height) ** 2
        z = self.depth * np.sqrt(np.maximum(0, inside))
        ridge = np.where(y < 7.5, np.clip((y + 9) / 16, 0, 1), np.exp(-(((y - 7.5) / 2.0) ** 2)))
        z += self.nose * np.exp(-((x / 3.2) ** 2)) * ridge
        sockets = np.exp(-(((np.abs(x) - 9) / 5) ** 2) - (((y + 8) / 3.5) ** 2))
        return np.asarray(z - 2.0 * sockets, np.float32)


def random_head(rng: np.random.Generator) -> Head:
    return Head(*(rng.uniform(*span) for span in ((21, 25), (31, 36), (20, 27), (5, 9))))


@dataclass(frozen=True, eq=False)
class Turn:
    """Where each pixel of a turned face comes from, and how much of it is head."""

    yaw: float
    pitch: float
    map_x: FloatArray
    map_y: FloatArray
    head: FloatArray

    def of(self, face: ImageU8, rng: np.random.Generator) -> ImageU8:
        """The face turned, mostly on another ground: the stretched one would betray the turn."""
        turned = cv2.remap(
            face, self.map_x, self.map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        chance = rng.random()
        if chance < 0.3:
            return turned.astype(np.uint8)
        edges = (face[:, 0].mean(), face[:, -1].mean(), rng.uniform(0, 255))
        ground = np.full(turned.shape, rng.choice(edges), np.float32)
        if chance > 0.6:
            cells = (int(rng.integers(2, 12)),) * 2
            blotches = rng.normal(0, rng.uniform(5, 50), cells).astype(np.float32)
            ground += cv2.resize(blotches, turned.shape[::-1])
        mixed = turned * self.head + ground * (1 - self.head)
        return np.clip(mixed, 0, 255).astype(np.uint8)


def turn(yaw: float, pitch: float, rng: np.random.Generator) -> Turn:
    """A turn of a random head.

    Parameters
    ----------
    yaw, pitch
        Degrees; positive looks to the right edge and up.
    rng
        For the head's shape and for how it is framed.
    """
    head = random_head(rng)
    along = (np.arange(1.5 * SIDE * GRID) + 0.5) / GRID - 0.75 * SIDE
    x, y = np.meshgrid(along, along)
    turned_x, turned_y, z = rotated(x, y, head.surface(x, y), yaw, pitch)
    nearer = FAR / (FAR - z + head.depth)
    back = 0.85 * head.depth * rng.uniform(*CENTERED)
    swung, raised = np.sin(np.deg2rad(yaw)), np.sin(np.deg2rad(pitch)) * np.cos(np.deg2rad(yaw))
    map_x, map_y, hole = _seen_from_front(
        x, y, turned_x * nearer - back * swung, turned_y * nearer + back * raised, z
    )
    middle = SIDE / 2 - 0.5
    away = np.hypot((map_x - middle) / head.width, (map_y - middle + 2) / head.height)
    shown = cv2.blur(((away < 1) & ~hole).astype(np.float32), (3, 3))
    return Turn(yaw, pitch, map_x, map_y, shown)


def rotated(
    x: FloatArray, y: FloatArray, z: FloatArray, yaw: float, pitch: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    aside, up = np.deg2rad(yaw), np.deg2rad(pitch)
    x, z = x * np.cos(aside) + z * np.sin(aside), z * np.cos(aside) - x * np.sin(aside)
    return x, y * np.cos(up) - z * np.sin(up), y * np.sin(up) + z * np.cos(up)


def _seen_from_front(
    x: FloatArray, y: FloatArray, at_x: FloatArray, at_y: FloatArray, z: FloatArray
) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """For each pixel the point that is nearest to the viewer, and where there is none."""
    columns, rows = np.floor(at_x + SIDE / 2).astype(int), np.floor(at_y + SIDE / 2).astype(int)
    inside = (columns >= 0) & (columns < SIDE) & (rows >= 0) & (rows < SIDE)
    order = np.argsort(z[inside], kind="stable")
    pixels = rows[inside][order], columns[inside][order]
    maps = np.full((2, SIDE, SIDE), np.nan, np.float32)
    for one, source in zip(maps, (x, y), strict=True):
        one[pixels] = source[inside][order] + SIDE / 2 - 0.5
    hole = np.isnan(maps[0])
    if hole.any():
        nearest = distance_transform_edt(hole, return_distances=False, return_indices=True)
        maps = maps[:, nearest[0], nearest[1]]
    return cv2.blur(maps[0], (3, 3)), cv2.blur(maps[1], (3, 3)), hole
