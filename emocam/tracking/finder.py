"""Known faces searched near where they were, new ones in the whole picture now and then."""

from __future__ import annotations

import math
from collections.abc import Sequence

from emocam.detection.detector import FaceDetector
from emocam.tracking.tracker import FaceTracker, overlap
from emocam.types import Box, Face, ImageU8

SEARCH_EVERY_S = 0.5  # new faces are looked for this often while all known ones are found ...
_SEARCH_LOST_S = 0.1  # ... and this often while one is lost or none is known
_EARLY_S = 0.001  # times of frames are not exact
_SAME_FACE_IOU = 0.3  # boxes of a higher intersection over union show one face


class FaceFinder:
    """Follows known faces closely, and takes in new ones.

    Parameters
    ----------
    hits_to_show
        How often a face must be found before it is given back: live 2, so that what flashes up
        isn't shown; 1 where that is sorted out later, looking both ways.
    keep_all
        Keeps what the check for faces turns down.

    Attributes
    ----------
    turned_down
        How many boxes were no faces.
    unconfirmed
        Boxes that a full search found, and the search near them did not.
    """

    def __init__(self, *, hits_to_show: int = 2, keep_all: bool = False) -> None:
        self.turned_down = 0
        self.unconfirmed: tuple[Box, ...] = ()
        self.tracker = FaceTracker(hits_to_show=hits_to_show)
        self._detector = FaceDetector(keep_all=keep_all)
        self._searched_s = -math.inf

    def search(
        self, frame_bgr: ImageU8, time_s: float, newcomers: Sequence[Box] | None = None
    ) -> list[Face]:
        """The faces of a frame, to be given to `tracker.update`.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8.
        time_s
            Its time, later than that of the frame before.
        newcomers
            What a full search of this or of a slightly older frame has found; None to search
            the whole frame here, when it is time for that.
        """
        known = self.tracker.boxes
        new = [box for box in newcomers or () if _is_new(box, known)]
        places = [*known, *new]
        found = self._detector.search_near(frame_bgr, places) if places else []
        if places:
            self.turned_down += len(self._detector.rejected)
        boxes = [face.xyxy for face in found]
        self.unconfirmed = tuple(box for box in new if _is_new(box, boxes))
        if newcomers is None and self._is_due(len(found) >= max(1, len(known)), time_s):
            self._searched_s = time_s
            found += [
                face for face in self._detector.detect(frame_bgr) if _is_new(face.xyxy, boxes)
            ]
            self.turned_down += len(self._detector.rejected)
        return found

    def forget(self) -> None:
        """Forget all faces, but not which numbers they had: another scene begins."""
        self.tracker.update((), -math.inf)
        self._searched_s = -math.inf

    def _is_due(self, all_found: bool, time_s: float) -> bool:
        wait_s = SEARCH_EVERY_S if all_found else _SEARCH_LOST_S
        # A time that goes back is another clip, or one that starts over.
        return not 0 <= time_s - self._searched_s < wait_s - _EARLY_S


def _is_new(box: Box, known: Sequence[Box]) -> bool:
    return all(overlap(box, one) < _SAME_FACE_IOU for one in known)
