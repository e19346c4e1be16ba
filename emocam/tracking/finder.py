"""Detection for tracking: near known faces in every frame, in the whole frame now and then."""

from __future__ import annotations

import math
from collections.abc import Sequence

from emocam.detection.detector import FaceDetector
from emocam.tracking.tracker import FaceTracker, overlap
from emocam.types import Box, Face, ImageU8

SEARCH_EVERY_S = 0.5  # interval of full searches while all known faces are found ...
_SEARCH_LOST_S = 0.1  # ... and while one is lost or none is known
_EARLY_S = 0.001  # tolerance, since frame times are not exact
_SAME_FACE_IOU = 0.3  # boxes of a higher intersection over union show one face


class FaceFinder:
    """Detects known faces near their last boxes, and new faces by full searches.

    Parameters
    ----------
    hits_to_show
        Detections that confirm a track: 2 live, which suppresses false detections in one frame;
        1 offline, where short tracks are dropped afterwards.
    keep_all
        Whether rejected detections are tracked too.

    Attributes
    ----------
    turned_down
        Number of rejected detections.
    unconfirmed
        Boxes of a full search that the search near them did not confirm.
    """

    def __init__(self, *, hits_to_show: int = 2, keep_all: bool = False) -> None:
        self.turned_down = 0
        self.unconfirmed: tuple[Box, ...] = ()
        self.tracker = FaceTracker(hits_to_show=hits_to_show)
        self._detector = FaceDetector(keep_all=keep_all)
        self._searched_s = -math.inf

    def search(
        self,
        frame_bgr: ImageU8,
        time_s: float,
        newcomers: Sequence[Box] | None = None,
        searched: Sequence[Face] | None = None,
    ) -> list[Face]:
        """Detections of a frame, the input of `tracker.update`.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8.
        time_s
            Its time, later than that of the frame before.
        newcomers
            Result of a full search of this or a slightly older frame; None to run full searches
            here whenever one is due.
        searched
            Result of a full search of this very frame, where one was made.
        """
        known = self.tracker.boxes
        new = [box for box in newcomers or () if _is_new(box, known)]
        places = [*known, *new]
        found = self._detector.search_near(frame_bgr, places) if places else []
        if places:
            self.turned_down += len(self._detector.rejected)
        boxes = [face.xyxy for face in found]
        self.unconfirmed = tuple(box for box in new if _is_new(box, boxes))
        is_due = self._is_due(len(found) >= max(1, len(known)), time_s)
        if searched is not None or (newcomers is None and is_due):
            self._searched_s = time_s
            whole = self._search_whole(frame_bgr) if searched is None else searched
            found += [face for face in whole if _is_new(face.xyxy, boxes)]
        return found

    def _search_whole(self, frame_bgr: ImageU8) -> list[Face]:
        faces = self._detector.detect(frame_bgr)
        self.turned_down += len(self._detector.rejected)
        return faces

    def forget(self) -> None:
        """Drop all tracks at a scene cut; their ids are not given out again."""
        self.tracker.update((), -math.inf)
        self._searched_s = -math.inf

    def _is_due(self, all_found: bool, time_s: float) -> bool:
        wait_s = SEARCH_EVERY_S if all_found else _SEARCH_LOST_S
        return is_search_due(time_s, self._searched_s, wait_s)


def is_search_due(time_s: float, searched_s: float, wait_s: float = SEARCH_EVERY_S) -> bool:
    """Whether a full search of a frame is due, by its time and that of the last full search.

    Time goes back in another clip, or in one that starts over.
    """
    return not 0 <= time_s - searched_s < wait_s - _EARLY_S


def _is_new(box: Box, known: Sequence[Box]) -> bool:
    return all(overlap(box, one) < _SAME_FACE_IOU for one in known)
