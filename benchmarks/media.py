"""Pictures and clips that the benchmarks make from the samples."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
CLIP = SAMPLES / "webcam.mp4"
PORTRAITS = sorted((SAMPLES / "photos").glob("*.jpg"))


def make_photo(width: int, height: int, faces: int, seed: int) -> Image.Image:
    """Portraits side by side, in as many rows as it takes, in front of a soft, uneven ground."""
    chance = np.random.default_rng(seed)
    ground = chance.integers(40, 200, (9, 12, 3), dtype=np.uint8)
    photo = Image.fromarray(ground).resize((width, height), Image.Resampling.BICUBIC)
    across = max(1, min(faces, 4))
    down = -(-faces // across)
    for place in range(faces):
        portrait = Image.open(PORTRAITS[(seed + place) % len(PORTRAITS)])
        room_wh = width / max(across, 2), height / down
        share = chance.uniform(0.75, 0.95)
        wide = int(share * min(room_wh[0], room_wh[1] * portrait.width / portrait.height))
        tall = wide * portrait.height // portrait.width
        row, column = divmod(place, across)
        left = int(column * width / across + chance.uniform(0, max(1, width / across - wide)))
        top = int(row * room_wh[1] + (room_wh[1] - tall) / 2)
        photo.paste(portrait.resize((wide, tall)), (left, max(0, top)))
    return photo


def make_photos(folder: Path, size_wh: tuple[int, int], faces: int, count: int) -> Path:
    """A folder of such photos as JPEG."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        make_photo(*size_wh, faces, seed).save(folder / f"{seed:05d}.jpg", quality=90)
    return folder


def make_tiny_photos(folder: Path, count: int) -> Path:
    """A folder of different photos of 16×12 pixels without a face, a thousand in each subfolder."""
    for number in range(count):
        place = folder / f"{number // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        tone = (number % 251, number // 251 % 251, number // 63_001)
        Image.new("RGB", (16, 12), tone).save(place / f"{number:06d}.jpg")
    return folder


def make_picture(width: int, height: int, faces: int, seed: int = 0) -> np.ndarray:
    """The same as an array, shape (height, width, 3), uint8, blue first."""
    return np.ascontiguousarray(np.asarray(make_photo(width, height, faces, seed))[:, :, ::-1])


def scaled_clip(clip: Path, target: Path, size_wh: tuple[int, int], loops: int = 1) -> Path:
    """The clip at another size, cut to its shape, as often as wanted; needs ffmpeg."""
    width, height = size_wh
    fit = f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}"
    command: list[object] = [
        "ffmpeg", "-v", "error", "-y", "-stream_loop", loops - 1, "-i", clip, "-vf", fit,
        "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", target,
    ]  # fmt: skip
    subprocess.run([str(part) for part in command], check=True)
    return target


def clip_pictures(clip: Path, most: int = 1 << 30) -> list[np.ndarray]:
    """Pictures of a clip, blue first."""
    capture, pictures = cv2.VideoCapture(str(clip)), []
    while len(pictures) < most:
        came, picture = capture.read()
        if not came:
            break
        pictures.append(picture)
    capture.release()
    return pictures
