"""The third stage of the detector: an ensemble of OpenCV's Haar cascades."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np

from emocam.detection.nms import contained
from emocam.detection.oriented_boxes import upright_crops
from emocam.detection.products import finite_product
from emocam.errors import OPENCV_PACKAGE, SetupError
from emocam.types import FloatArray, ImageU8


@dataclass(frozen=True)
class Member:
    """One cascade of the ensemble, and what it is shown of a candidate."""

    name: str  # of OpenCV's file
    crop_share: float  # of the box: the cascades were trained on faces with some surroundings
    crop_pixels: int
    window_pixels: tuple[int, int]
    max_off_center: int  # pixels
    one_sided: bool = False  # it knows faces that look to one side: the mirrored crop counts too


FRONTAL = (
    Member("haarcascade_frontalface_alt2.xml", 1.25, 45, (28, 45), 5),
    Member("haarcascade_frontalface_default.xml", 1.25, 45, (28, 45), 5),
)
# Its windows reach from the nose to the ear, 0.9 to 1.7 times a box, and lie beside its centre.
PROFILE = Member("haarcascade_profileface.xml", 1.9, 64, (30, 60), 9, one_sided=True)

_Load = Callable[[str], cv2.CascadeClassifier]
_MEND = f"pip install --force-reinstall {OPENCV_PACKAGE}"
_SCALE_FACTOR = 1.1
_MAX_LOGIT = 8.0  # of the verifier: without any detection by a cascade it must not suffice
AMBIGUOUS = (-3.0, 4.0)
AMBIGUOUS_TURNED = (-2.0, 2.5)  # the profile cascade costs more
_SURE, _CLEARLY_LESS = 6.0, 2.0  # the combined logit of a face; how far the verifier's is below
_NOT_ASKED = -30.0
_MOST_WINDOWS = 60  # that one cascade is taken to accept at most: 41 were seen
# Growth, turn in degrees, shift right and down in shares of the side. A detection in one crop alone
# is no evidence, and the outcome must not depend on the rounding of a pixel.
_JITTERS = np.array(
    [
        (1, 0, 0, 0),
        (0.93, 4, 0, 0),
        (1.07, -4, 0, 0),
        (1, 0, 0.04, 0.03),
        (1, 0, -0.04, -0.03),
    ],
    dtype=np.float32,
)


class HaarEnsemble:
    """Logit of a face from the verifier's logit and the windows that Haar cascades accept.

    The cascades (Viola and Jones, CVPR 2001) run on upright crops of 45 or 64 pixels: there they
    are cheap, find tilted faces too, and seldom agree with each other and the verifier on a
    non-face. An ambiguous outcome is averaged over five jittered crops (test-time augmentation).
    A logistic regression combines the members' outputs (stacking; Wolpert, Neural Networks 1992).

    Parameters
    ----------
    weights, bias
        Shapes (1 + 2 · cascades,) and (): of the `features` in the combined logit.
    members
        Its cascades.
    ambiguous
        Logits from one crop between which the jittered crops are run too.
    load
        Gives a cascade by its name, whenever it is asked. Ensembles that one thread uses may share
        theirs.
    """

    def __init__(
        self,
        weights: FloatArray,
        bias: float,
        members: Sequence[Member] = FRONTAL,
        ambiguous: tuple[float, float] = AMBIGUOUS,
        load: _Load | None = None,
    ) -> None:
        self.weights = weights
        self.bias = bias
        self._ambiguous = ambiguous
        self._members = tuple(members)
        self._load = load or cache(load_cascade)
        # Each takes 10 ms to load. Every candidate is shown to the first, and few to the others.
        self._load(members[0].name)

    def logits(self, pyramid: list[ImageU8], scored: FloatArray) -> FloatArray:
        """Combined logit of a face, shape (candidates,).

        Candidates that share half of their place with a sure face, and look clearly less like one,
        are not asked about: they would be suppressed all the same. And a candidate that the first
        cascade makes sure, with no rival for its place, is not shown to the others.

        Parameters
        ----------
        pyramid
            The grey picture's image pyramid.
        scored
            Shape (candidates, 5): centre x, centre y, side, tilt, the verifier's logit.
        """
        logits = np.full(len(scored), _NOT_ASKED, np.float32)
        for number in np.argsort(-scored[:, 4], kind="stable"):
            row = scored[number : number + 1]
            sure = (logits > _SURE) & (scored[:, 4] > row[0, 4] + _CLEARLY_LESS)
            if not contained(row, scored[sure])[0]:
                rivals = scored[:, 4] > row[0, 4] - _CLEARLY_LESS
                rivals[number] = False
                logits[number] = self._logit(pyramid, row, scored[rivals])
        return logits

    def _logit(self, pyramid: list[ImageU8], row: FloatArray, rivals: FloatArray) -> float:
        """Combined logit of one candidate, shape (1, 5).

        A cascade that can't change the outcome is not asked: each takes as long as all the rest.
        """
        frontal, left = self._members[: len(FRONTAL)], self._members[len(FRONTAL) :]
        crops = _Crops(pyramid, row, _JITTERS[:1], self._load)
        windows = crops.windows(frontal[:1])
        is_sure = self._combined(row, self._filled(windows, 0)) > self._ambiguous[1]
        if is_sure and not contained(row, rivals)[0]:
            # The others accept about as many windows of such a face.
            return self._combined(row, self._filled(windows, windows.item()))
        windows = np.concatenate([windows, crops.windows(frontal[1:])], axis=2)
        if left:
            if self._combined(row, self._filled(windows, _MOST_WINDOWS)) < 0:
                return _NOT_ASKED
            windows = np.concatenate([windows, crops.windows(left)], axis=2)
        logit = self._combined(row, windows)
        if not self._ambiguous[0] < logit < self._ambiguous[1]:
            return logit
        more = _Crops(pyramid, row, _JITTERS[1:], self._load).windows(self._members)
        return self._combined(row, np.concatenate([windows, more], axis=1))

    def _filled(self, windows: FloatArray, count: float) -> FloatArray:
        """The windows of all cascades, if each that was not asked accepts so many."""
        filled = np.full((1, 1, len(self._members)), count, np.float32)
        filled[..., : windows.shape[2]] = windows
        return filled

    def _combined(self, row: FloatArray, windows: FloatArray) -> float:
        return float(finite_product(_stacked(row, windows), self.weights)[0]) + self.bias

    def features(self, pyramid: list[ImageU8], scored: FloatArray) -> FloatArray:
        """Outputs of the ensemble's members after all jittered crops, shape (candidates, features).

        These are the verifier's logit, then log(1 + windows) of each cascade and whether it has
        any, averaged over the crops.
        """
        crops = _Crops(pyramid, scored, _JITTERS, self._load)
        return _stacked(scored, crops.windows(self._members))


class _Crops:
    """Upright crops around candidates, each jittered, cut out once for all cascades of a size."""

    def __init__(
        self, pyramid: list[ImageU8], scored: FloatArray, jitters: FloatArray, load: _Load
    ) -> None:
        boxes = np.concatenate([_jittered(row, jitters) for row in scored] or [scored])
        self._jitters = len(jitters)
        self._load = load
        self._cut = cache(partial(upright_crops, pyramid, boxes))

    def windows(self, members: Sequence[Member]) -> FloatArray:
        """Windows that each cascade accepts, shape (candidates, jitters, cascades)."""
        counts = [
            [
                _count_windows(self._load(member.name), member, crop)
                for crop in self._cut(member.crop_share, member.crop_pixels)
            ]
            for member in members
        ]
        windows = np.array(counts, np.float32).reshape(len(counts), -1, self._jitters)
        return np.asarray(windows.transpose(1, 2, 0))


def _count_windows(cascade: cv2.CascadeClassifier, member: Member, crop: ImageU8) -> int:
    """Windows about the crop's centre that a cascade accepts."""
    count = _accepted_windows(cascade, member, crop)
    if not member.one_sided:
        return count
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    return max(count, _accepted_windows(cascade, member, mirrored))


def _accepted_windows(cascade: cv2.CascadeClassifier, member: Member, crop: ImageU8) -> int:
    least, most = member.window_pixels
    found = cascade.detectMultiScale(
        crop, _SCALE_FACTOR, 0, minSize=(least, least), maxSize=(most, most)
    )
    boxes = np.asarray(found).reshape(-1, 4)
    off = np.abs(boxes[:, :2] + boxes[:, 2:] / 2 - member.crop_pixels / 2)
    return int((off.max(axis=1, initial=0) < member.max_off_center).sum())


def _stacked(scored: FloatArray, windows: FloatArray) -> FloatArray:
    """See `HaarEnsemble.features`."""
    outputs = np.concatenate([np.log1p(windows), windows > 0], axis=2)
    return np.column_stack([np.minimum(scored[:, 4], _MAX_LOGIT), outputs.mean(axis=1)])


def _jittered(row: FloatArray, jitters: FloatArray) -> FloatArray:
    """The candidate, a little grown, turned and moved, shape (jitters, 5)."""
    rows = np.repeat(row[None], len(jitters), axis=0)
    rows[:, :2] += jitters[:, 2:] * row[2]
    rows[:, 2] *= jitters[:, 0]
    rows[:, 3] += jitters[:, 1]
    return rows


def load_cascade(name: str) -> cv2.CascadeClassifier:
    """Load one of the cascades that OpenCV's package carries.

    The XML goes in as text, since OpenCV can't open it below a folder with non-ASCII letters
    on every system.

    Raises
    ------
    SetupError
        When the installed OpenCV carries no cascades (5.x does not).
    """
    text = _cascade_path(name).read_text()
    storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    cascade = cv2.CascadeClassifier()
    if not cascade.read(storage.getFirstTopLevelNode()):
        raise SetupError(f"OpenCV {cv2.__version__} can't read its cascade '{name}'; run: {_MEND}")
    return cascade


def check_cascades() -> None:
    """Raise SetupError where the installed OpenCV carries no cascades, without loading any."""
    for member in (*FRONTAL, PROFILE):
        _cascade_path(member.name)


def _cascade_path(name: str) -> Path:
    path = Path(cv2.__file__).parent / "data" / name
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise SetupError(f"OpenCV {cv2.__version__} has no Haar cascade '{name}'; run: {_MEND}")
    return path
