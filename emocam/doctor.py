"""Checks whether `emocam live` works here, and what fixes a fault."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from emocam import __version__
from emocam.errors import OPENCV_PACKAGE, EmocamError
from emocam.io.address import Address
from emocam.types import Frame, ImageU8

if TYPE_CHECKING:
    from emocam.recognition.recognizer import EmotionRecognizer

_SPEED_S = 3.0
_SPEED_SIZE_WH = (640, 480)
_ENOUGH_PER_S = 10.0
_SIZES_WH = ((640, 480), (1280, 720), (1920, 1080), (3840, 2160))


@dataclass(frozen=True)
class Check:
    """What one check found."""

    name: str  # what was checked
    # `ok`; `warning`: live works, with something missing; `fault`: it would not work
    status: Literal["ok", "warning", "fault"]
    found: str  # one line
    fix: str = ""  # what to do about it, a command where there is one


def examine(source: Address | None = None, model: str | None = None) -> Iterator[Check]:
    """Check everything that live needs, in order.

    Parameters
    ----------
    source
        The camera or stream to try; all cameras of this computer by default.
    model
        As for `EmotionRecognizer.load`.
    """
    yield Check(
        "system", "ok", f"emocam {__version__}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )  # fmt: skip
    yield from check_wheels()
    opencv = check_opencv()
    yield opencv
    if opencv.status == "fault":
        return  # nothing else can be checked without it
    from emocam.io.backends import prepare_backends, quiet_opencv

    quiet_opencv()
    prepare_backends()
    recognizer, found = check_model(model)
    yield found
    yield check_display()
    yield from check_cameras() if source is None else [check_source(source)]
    yield check_film()
    yield check_caches()
    if recognizer is not None:
        yield check_speed(recognizer)


def check_wheels(wheels: Sequence[str] | None = None) -> list[Check]:
    """Which packages provide OpenCV; several overwrite each other's files.

    https://github.com/opencv/opencv-python/issues/467

    Parameters
    ----------
    wheels
        Names of packages that are installed; by default those that bring `cv2` here.
    """
    if wheels is None:
        wheels = sorted(set(importlib.metadata.packages_distributions().get("cv2", [])))
    versions = [f"{name} {_version(name)}" for name in wheels]
    if len(wheels) > 1:
        fix = f"pip uninstall -y {' '.join(wheels)} && pip install {OPENCV_PACKAGE}"
        found = f"{' and '.join(versions)} overwrite each other's files"
        return [Check("OpenCV packages", "fault", found, fix)]
    if wheels and "headless" in wheels[0]:
        fix = f"pip uninstall -y {wheels[0]} && pip install {OPENCV_PACKAGE}"
        return [Check("OpenCV packages", "warning", f"{versions[0]} can't open windows", fix)]
    return [Check("OpenCV packages", "ok", versions[0] if versions else "not from a package")]


def check_opencv() -> Check:
    """Whether OpenCV loads and has what emocam uses."""
    reinstall = f"pip install --force-reinstall {OPENCV_PACKAGE}"
    try:
        import cv2

        from emocam.detection.detector import FaceDetector

        FaceDetector()
    except ImportError as error:
        lacks_library = "lib" in str(error) and sys.platform.startswith("linux")
        fix = "sudo apt install libgl1 libglib2.0-0" if lacks_library else reinstall
        return Check("OpenCV", "fault", f"does not load: {error}", fix)
    except EmocamError as error:
        return Check("OpenCV", "fault", str(error).split("; run:")[0], reinstall)
    return Check("OpenCV", "ok", f"{cv2.__version__}, with its Haar cascades")


def check_model(model: str | None) -> tuple[EmotionRecognizer | None, Check]:
    """Whether the model loads, and what its card says."""
    from emocam.recognition.model_file import find_model, model_hash
    from emocam.recognition.recognizer import EmotionRecognizer

    try:
        recognizer = EmotionRecognizer.load(model)
        path = find_model(model)
    except EmocamError as error:
        fix = "give another with --model" if model else "pip install --force-reinstall emocam"
        return None, Check("model", "fault", str(error), fix)
    found = (
        f"{path.name}, recipe {recognizer.card['recipe']}, {path.stat().st_size / 1e6:.1f} MB, "
        f"labels {', '.join(recognizer.labels)}, SHA-256 {model_hash(model)[:12]}…"
    )
    return recognizer, Check("model", "ok", found)


def check_display() -> Check:
    """Whether a window opens."""
    from emocam.live.window import can_show_windows

    if can_show_windows():
        return Check("display", "ok", "a window opens")
    fix = "emocam live --browser, or over ssh: ssh -X"
    return Check("display", "warning", "no window opens here: live prints lines instead", fix)


def check_cameras() -> list[Check]:
    """The cameras of this computer, with backend and sizes."""
    from emocam.io.backends import find_cameras

    working, locked = [], []
    for address in find_cameras():
        node = Path(f"/dev/video{address.text}")
        if node.exists() and not os.access(node, os.R_OK | os.W_OK):
            locked.append(str(node))
            continue
        check = check_source(address)
        if check.status == "ok":
            working.append(check)
    if locked:
        fix = "sudo usermod -aG video $USER, then log in anew"
        status: Literal["warning", "fault"] = "warning" if working else "fault"
        working.append(Check("camera", status, f"not allowed to use {', '.join(locked)}", fix))
    return working or [Check("camera", "fault", "there is none", _no_camera_fix())]


def check_source(address: Address) -> Check:
    """Whether a camera or a stream opens and gives a picture."""
    from emocam.io.backends import CameraSettings, open_capture

    name = f"{address.kind} {address.text}"
    try:
        capture = open_capture(address, CameraSettings())
    except EmocamError as error:
        return Check(name, "fault", str(error), _no_camera_fix())
    try:
        image = capture.read()
        found = f"{capture.backend}, {image.shape[1]}×{image.shape[0]}"
    except EmocamError as error:
        return Check(name, "fault", f"opens, but {error}", "close other programs that use it")
    finally:
        capture.release()
    sizes = _other_sizes(address)
    return Check(name, "ok", found + (f"; when asked also {sizes}" if sizes else ""))


def check_film() -> Check:
    """Whether films can be recorded, and how."""
    from emocam.io.video_writer import FilmRecorder

    picture = np.zeros((48, 64, 3), np.uint8)
    try:
        with tempfile.TemporaryDirectory() as folder:
            film = FilmRecorder(Path(folder) / "film.mp4", (64, 48), fps=25)
            with film:
                for number in range(3):
                    film.write(picture, number / 25)
    except EmocamError as error:
        fix = "pip install --force-reinstall av"
        return Check("films", "warning", f"can't be recorded: {error}", fix)
    return Check("films", "ok", "H.264 with sound")


def check_caches() -> Check:
    """What stays on the disk beside the results."""
    from emocam.training.cache import cache_folder

    steps, fonts = cache_folder(), font_list_folder()
    found = f"steps of emocam train: {steps} ({_size(steps)})"
    found += f"; list of the system's fonts, of Matplotlib: {fonts} ({_size(fonts)})"
    workers = os.environ.get("JOBLIB_TEMP_FOLDER") or (
        "/dev/shm" if sys.platform.startswith("linux") else tempfile.gettempdir()
    )
    found += f"; while processes run, their locks: {workers}"
    return Check("caches", "ok", f"{found}; no pictures in any of them")


def font_list_folder() -> Path:
    """Where Matplotlib keeps its list of the system's fonts.

    Its own `get_cachedir` would make the folder
    (https://matplotlib.org/stable/install/environment_variables_faq.html).
    """
    from emocam.training.cache import user_caches

    if chosen := os.environ.get("MPLCONFIGDIR"):
        return Path(chosen)
    if sys.platform.startswith(("linux", "freebsd")):
        return user_caches() / "matplotlib"
    return Path.home() / ".matplotlib"


def _size(folder: Path) -> str:
    if not folder.is_dir():
        return "none yet"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def check_speed(recognizer: EmotionRecognizer, seconds: float = _SPEED_S) -> Check:
    """How many readings a second this computer makes of one face at 640×480."""
    from emocam.detection.detector import FaceDetector
    from emocam.tracking.follower import Follower

    picture = _test_picture()
    start_s = time.perf_counter()
    faces = FaceDetector().detect(picture)
    search_ms = 1000 * (time.perf_counter() - start_s)
    follower, readings = Follower(recognizer), 0
    boxes = [face.xyxy for face in faces]
    start_s = time.perf_counter()
    number = 0
    while time.perf_counter() - start_s < seconds:
        frame = Frame(picture, number, number / 30)
        readings += bool(follower.follow_frame(frame, boxes))
        number += 1
    rate = readings / (time.perf_counter() - start_s)
    if not readings:
        return Check("speed", "ok", f"full search {search_ms:.0f} ms (no test picture with a face)")
    found = f"{rate:.0f} readings a second of one face, full search {search_ms:.0f} ms"
    if rate < _ENOUGH_PER_S:
        fix = "close other programs, or ask for smaller pictures: --camera-size 320x240"
        return Check("speed", "warning", found, fix)
    return Check("speed", "ok", found)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def _test_picture() -> ImageU8:
    """A picture with a face where matplotlib brings one (a NASA portrait), else a grey one."""
    import cv2

    spec = importlib.util.find_spec("matplotlib")
    found = Path(spec.origin).parent if spec is not None and spec.origin else Path()
    photo = found / "mpl-data" / "sample_data" / "grace_hopper.jpg"
    picture = np.full((_SPEED_SIZE_WH[1], _SPEED_SIZE_WH[0], 3), 96, np.uint8)
    if photo.is_file():
        image = cv2.imdecode(np.fromfile(photo, np.uint8), cv2.IMREAD_COLOR)
        if image is not None:
            image = image[: _SPEED_SIZE_WH[1], : _SPEED_SIZE_WH[0]]
            picture[: image.shape[0], : image.shape[1]] = image
    return picture


def _other_sizes(address: Address) -> str:
    """Sizes that a camera gives when asked; nothing for a stream, which has the one it has."""
    if address.kind != "camera":
        return ""
    from emocam.io.backends import camera_sizes

    return ", ".join(f"{width}×{height}" for width, height in camera_sizes(address, _SIZES_WH))


def _no_camera_fix() -> str:
    if sys.platform == "darwin":
        return "allow your terminal in System Settings > Privacy & Security > Camera"
    if sys.platform == "win32":
        return "allow desktop apps in Settings > Privacy > Camera; close other programs that use it"
    return (
        "connect one (a container needs --device /dev/video0), or give a stream: "
        "emocam live http://ADDRESS"
    )
