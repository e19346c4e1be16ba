"""The frames of a clip with their readings, from two readers of the clip.

One is analysed in threads; the other follows some seconds behind, so that smoothing can use the
future without keeping frames in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from emocam.io.video_reader import VideoFile
from emocam.prefetch import prefetch
from emocam.readings import FrameReadings
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.runtime import closed_at_exit
from emocam.tracking.clip_faces import FoundFaces, find_faces, read_faces
from emocam.tracking.clip_pictures import clip_pictures
from emocam.tracking.lookahead import between_readings, smooth_both_ways
from emocam.types import Face, Frame, Reading
from emocam.video.reading_process import ReadingProcess

_PREFETCHED = 32  # analysed frames
_PREFETCHED_S = 1.0  # … but not more than so long
_FRAMES_PREFETCHED = 4
_APART = 1 << 20  # added to the numbers of heads that are followed apart from the faces read
_PICTURES_PREFETCHED = 16  # about what is followed while one of them is searched as a whole


def read_video(
    path: str | Path,
    recognizer: EmotionRecognizer | None = None,
    *,
    every_s: float = 0.0,
    start_s: float = 0.0,
    end_s: float | None = None,
    largest: bool = False,
    smooth: bool = True,
) -> Iterator[tuple[Frame, FrameReadings]]:
    """The analysed frames of a clip with their readings, smoothed both ways in time.

    These are the readings that `emocam video` writes into its table.

    Parameters
    ----------
    path
        A file of any kind that FFmpeg decodes.
    recognizer
        What reads the faces; the default model when None.
    every_s
        Seconds from one analysed frame to the next; 0 analyses all.
    start_s, end_s
        The part to take, in seconds; to the clip's end when `end_s` is None.
    largest
        Whether to read only the largest face. The others are in `hidden`.
    smooth
        Whether to smooth readings over time; otherwise each is as the model gave it.

    Yields
    ------
    tuple of Frame and FrameReadings
        An analysed frame and the readings of its faces.

    Raises
    ------
    SourceError
        When the clip can't be decoded.
    ValueError
        When a time is negative, or the end is not after the start.

    Examples
    --------
    >>> from emocam import read_video
    >>> for frame, readings in read_video("samples/webcam.mp4", every_s=0.2, end_s=0.5):
    ...     print(f"{frame.time_s:.1f} s: {len(readings)} face")
    0.0 s: 1 face
    0.2 s: 1 face
    0.4 s: 1 face
    """
    if not (every_s >= 0 <= start_s < (math.inf if end_s is None else end_s)):
        times = f"every_s={every_s}, start_s={start_s}, end_s={end_s}"
        raise ValueError(f"times are seconds from 0, the end after the start; got {times}")
    recognizer = EmotionRecognizer.load() if recognizer is None else recognizer
    with closed_at_exit() as stack:
        video, second = (
            stack.enter_context(VideoFile(Path(path), start_s, end_s)) for _ in range(2)
        )
        analysed = clip_readings(
            stack, video, recognizer, every_s=every_s, largest=largest, smooth=smooth
        )
        for frame, readings, _ in frames_with_readings(stack, second, analysed):
            if readings is not None:
                yield frame, readings


def clip_readings(
    stack: ExitStack,
    video: VideoFile,
    recognizer: EmotionRecognizer,
    *,
    every_s: float = 0.0,
    largest: bool = False,
    smooth: bool = True,
    choose: Callable[[FoundFaces], FoundFaces] | None = None,
    beside: ReadingProcess | None = None,
) -> Iterator[FrameReadings]:
    """The analysed frames' readings in order.

    Three threads, which end with the stack: one reads the faces of some frames, one follows the
    faces of the next, and one decodes what comes then and searches it for new faces. Parameters as
    for `read_video`; `choose` may take faces out of a frame before they are read, and `beside` is
    a process that finds new faces and reads them, with the same model.
    """
    search = None if beside is None else beside.search
    all_crops = not smooth or choose is not None
    analysed = clip_pictures(video, every_s=every_s, search=search, all_images=all_crops)
    pictures = stack.enter_context(prefetch(analysed, _PICTURES_PREFETCHED))
    found = find_faces(
        pictures, recognizer.model.size, every_s=every_s, largest=largest, all_crops=all_crops
    )
    if choose is not None:
        found = map(choose, found)
    size = frames_ahead(every_s)
    found_ahead = stack.enter_context(prefetch(found, size))
    predict = None if beside is None else beside.predict_crops
    read = read_faces(found_ahead, recognizer, size, each=not smooth, predict=predict)
    read_ahead = stack.enter_context(prefetch(read, size))
    return smooth_both_ways(read_ahead, recognizer, raw=not smooth)


def frames_ahead(every_s: float) -> int:
    """How many analysed frames each thread may be ahead of the next."""
    if not every_s:
        return _PREFETCHED
    return max(1, min(_PREFETCHED, round(_PREFETCHED_S / every_s)))


def frames_with_readings(
    stack: ExitStack, video: VideoFile, analysed: Iterator[FrameReadings]
) -> Iterator[tuple[Frame, FrameReadings | None, FrameReadings]]:
    """Each frame, its readings if it was analysed, and what to draw in it.

    Parameters
    ----------
    stack
        Ends the thread that decodes.
    video
        The second reader of the clip.
    analysed
        What `clip_readings` gives.
    """
    frames = stack.enter_context(prefetch(iter(video), _FRAMES_PREFETCHED))
    before, after = None, next(analysed, None)
    for frame in frames:
        while after is not None and after.index <= frame.index:
            before, after = after, next(analysed, None)
        if before is None:
            # Before the first analysed frame only its faces are known.
            yield frame, None, FrameReadings(hidden=() if after is None else after.heads)
        elif before.index == frame.index:
            yield frame, before, before
        else:
            yield frame, None, _in_between(before, after, frame.time_s or 0.0)


def clip_heads(
    stack: ExitStack,
    video: VideoFile,
    recognizer: EmotionRecognizer,
    *,
    every_s: float,
    others: Callable[[FoundFaces], FoundFaces] | None = None,
) -> Iterator[FrameReadings]:
    """Where the heads to cover are in every frame, however seldom faces are read.

    Between two readings that are a second apart a head may move anywhere.

    Parameters
    ----------
    stack
        Ends the threads.
    video
        The clip, of which one more reader is opened.
    recognizer
        As for `clip_readings`.
    every_s
        Seconds from one analysed frame to the next: with 0 all of them are, and none is left.
    others
        Moves the faces that are to be covered to `hidden`; all of them when None.

    Yields
    ------
    FrameReadings
        Without readings; `hidden` has the heads.
    """
    if not every_s:
        return iter(())
    own = stack.enter_context(VideoFile(video.path, video.start_s, video.end_s))
    pictures = stack.enter_context(prefetch(clip_pictures(own), _PICTURES_PREFETCHED))
    found = map(others or _all_hidden, find_faces(pictures, recognizer.model.size))
    heads = (
        FrameReadings(index=one.index, time_s=one.time_s, hidden=tuple(map(_apart, one.hidden)))
        for one in found
    )
    heads_ahead = stack.enter_context(prefetch(heads, _PREFETCHED))
    return smooth_both_ways(heads_ahead, recognizer)


def _all_hidden(found: FoundFaces) -> FoundFaces:
    return replace(found, faces=(), crops=(), hidden=(*found.faces, *found.hidden))


def _apart(face: Face) -> Face:
    return replace(face, id=face.id + _APART)


def with_heads(
    steps: Iterable[tuple[Frame, FrameReadings | None, FrameReadings]],
    heads: Iterator[FrameReadings],
) -> Iterator[tuple[Frame, FrameReadings | None, FrameReadings]]:
    """What `frames_with_readings` gives, with the heads of `clip_heads` among those to cover."""
    one = next(heads, None)
    for frame, now, drawn in steps:
        while one is not None and one.index < frame.index:
            one = next(heads, None)
        more = one.hidden if one is not None and one.index == frame.index else ()
        yield frame, None if now is None else _hiding(now, more), _hiding(drawn, more)


def _hiding(readings: FrameReadings, more: tuple[Face, ...]) -> FrameReadings:
    return replace(readings, hidden=(*readings.hidden, *more)) if more else readings


def _in_between(before: FrameReadings, after: FrameReadings | None, time_s: float) -> FrameReadings:
    """What to draw in a frame that was not analysed."""
    if after is None:
        return before
    before_s, after_s = before.time_s or 0.0, after.time_s or 0.0
    share = (time_s - before_s) / (after_s - before_s)
    later = {one.face.id: one for one in (*after.readings, *after.bridged)}

    def move(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        return tuple(
            between_readings(one, later[one.face.id], share) if one.face.id in later else one
            for one in readings
        )

    hidden = before.hidden + after.hidden
    return replace(
        before, readings=move(before.readings), bridged=move(before.bridged), hidden=hidden
    )
