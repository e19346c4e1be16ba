"""Detection for tracking: near known faces mostly, in the whole frame now and then."""

from __future__ import annotations

import math
from collections.abc import Sequence

from emocam.detection.detector import FaceDetector
from emocam.tracking.shift import Template
from emocam.tracking.tracker import KEEP_S, FaceTracker, overlap
from emocam.types import Box, Face, ImageU8

SEARCH_EVERY_S = 0.5  # interval of full searches while all known faces are found ...
_SEARCH_LOST_S = 0.1  # ... and while one is lost or none is known
NEAR_EVERY_S = 0.06  # interval of searches near the known faces: every second frame of 25 or 30
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
    near_s
        Seconds from one search near the known faces to the next; between, their pictures are
        matched. 0 searches near them in every frame.
    keep_s
        As for `FaceTracker`.

    Attributes
    ----------
    turned_down
        Number of rejected detections.
    unconfirmed
        Boxes of a full search that the search near them did not confirm.
    """

    def __init__(
        self,
        *,
        hits_to_show: int = 2,
        keep_all: bool = False,
        near_s: float = 0.0,
        keep_s: float = KEEP_S,
    ) -> None:
        self.turned_down = 0
        self.unconfirmed: tuple[Box, ...] = ()
        self.tracker = FaceTracker(hits_to_show, keep_s)
        self._detector = FaceDetector(keep_all=keep_all)
        self._searched_s = self._found_s = -math.inf
        self._near_s = near_s
        self._templates: list[Template] = []

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
        shifted = self._shifted(frame_bgr, time_s, known, newcomers, searched)
        if shifted is not None:
            return shifted
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
        # Faces that are new or were lost must be found once more before a match counts.
        all_known = len(found) == len(known) == len(boxes)
        self._found_s = time_s
        self._templates = (
            [Template.of(frame_bgr, face) for face in found] if self._near_s and all_known else []
        )
        return found

    def _shifted(
        self,
        frame_bgr: ImageU8,
        time_s: float,
        known: Sequence[Box],
        newcomers: Sequence[Box] | None,
        searched: Sequence[Face] | None,
    ) -> list[Face] | None:
        """The known faces where they moved to; None where a search is due."""
        waits = 0 <= time_s - self._found_s < self._near_s - _EARLY_S
        if not waits or searched is not None or not 0 < len(self._templates) == len(known):
            return None
        if any(_is_new(box, known) for box in newcomers or ()):
            return None
        if newcomers is None and self._is_due(True, time_s):
            return None
        matched = [one.found_in(frame_bgr) for one in self._templates]
        found = [one for one in matched if one is not None]
        if len(found) < len(matched):
            return None
        self._templates, self.unconfirmed = found, ()
        return [one.moved_face for one in found]

    def _search_whole(self, frame_bgr: ImageU8) -> list[Face]:
        faces = self._detector.detect(frame_bgr)
        self.turned_down += len(self._detector.rejected)
        return faces

    def forget(self) -> None:
        """Drop all tracks at a scene cut; their ids are not given out again."""
        self.tracker.update((), -math.inf)
        self._searched_s = self._found_s = -math.inf
        self._templates = []

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
