"""The frames of a clip that are analysed, each with what can be told without knowing its faces.

Cuts, and the full searches for new faces, which take as long as all the rest of finding faces.
They depend on nothing but the picture, so a thread or process of its own can do them ahead of
whoever follows the faces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from emocam.detection.detector import FaceDetector, SearchPicture, search_picture
from emocam.detection.pyramid import made_gray
from emocam.errors import SourceError
from emocam.io.video_reader import VideoFile
from emocam.tracking.finder import is_search_due
from emocam.tracking.scene_cut import CutFinder
from emocam.types import Face, ImageU8

# Every second one of 25 or 30 frames a second; the boxes between are interpolated.
FOLLOW_EVERY_S = 0.06

Found = Callable[[], Sequence[Face]]  # waits for the faces of a search that was begun
Search = Callable[[SearchPicture], Found]


@dataclass(frozen=True, eq=False)
class ClipPicture:
    """A frame to analyse."""

    index: int
    time_s: float
    image: Callable[[], ImageU8]  # see `image_bgr`
    source: str = ""
    is_cut: bool = False  # whether it begins another scene
    found: Found | None = None  # by a search of all of it, where one was begun

    @property
    def image_bgr(self) -> ImageU8:
        """Shape (height, width, 3), uint8; converted when it is first asked for."""
        return self.image()


def clip_pictures(
    video: VideoFile,
    *,
    every_s: float = 0.0,
    search: Search | None = None,
    all_images: bool = False,
) -> Iterator[ClipPicture]:
    """The frames of a clip to analyse, in order.

    Where nothing is lost a search of the whole picture is due at regular times, which are known
    before the faces are. Those searches are made here; whoever follows the faces makes the others.

    Parameters
    ----------
    video
        An open clip.
    every_s
        Seconds from one analysed frame to the next; 0 analyses all. Frames between are not even
        converted to pictures.
    search
        Begins to search a picture; None to search it here.
    all_images
        Whether all pictures are converted here. Those between two searches near the faces are
        seldom looked at, and are else converted when they are.
    """
    cuts, search = CutFinder(), search or _search_here()
    followed_s = searched_s = -math.inf
    for index, time_s in _due(video, every_s):
        image, gray = cache(video.later()), video.luma()
        try:
            is_cut = cuts.is_cut(made_gray(image()) if gray is None else gray)
        except SourceError:  # it is damaged
            continue
        if is_cut:
            followed_s = searched_s = -math.inf
        found, is_followed = None, time_s - followed_s >= FOLLOW_EVERY_S
        if is_followed or all_images:
            image()  # here, and not in the thread that follows
        if is_followed:
            followed_s = time_s
            if is_search_due(time_s, searched_s):
                searched_s = time_s
                found = search(search_picture(image()))
        yield ClipPicture(index, time_s, image, str(video.path), is_cut, found)


def _search_here() -> Search:
    detector = FaceDetector()

    def search(picture: SearchPicture) -> Found:
        faces = detector.search(picture)
        return lambda: faces

    return search


def _due(video: VideoFile, every_s: float) -> Iterator[tuple[int, float]]:
    """Number and time of the frames to analyse."""
    due_s, half_frame_s = -math.inf, 0.5 / video.fps
    for index, time_s in video.ticks():
        if time_s < due_s - half_frame_s:
            continue
        # Counted from when it was due, so that delays do not accumulate.
        due_s = time_s + every_s if time_s >= due_s + every_s else due_s + every_s
        yield index, time_s
