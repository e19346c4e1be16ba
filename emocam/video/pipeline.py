"""Recorded video: a clip to an annotated film, a table and a report.

What is read comes from `clip_readings`; here it becomes results.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from emocam.errors import OutputError, SourceError, reason_of
from emocam.io.tables import open_table, status_row
from emocam.io.video_reader import VideoFile
from emocam.output import writing
from emocam.readings import FrameReadings
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.render.anonymize import HeadMemory
from emocam.runtime import give_back_memory, one_blas_thread, one_opencv_thread
from emocam.types import Box, Frame
from emocam.video.clip_process import ClipProcess, ClipRequest
from emocam.video.clip_readings import (
    clip_heads,
    clip_readings,
    frames_with_readings,
    with_heads,
)
from emocam.video.clip_report import ClipFacts, prepare_report, write_report
from emocam.video.clip_summary import ClipSummary
from emocam.video.outputs import ClipOutputs
from emocam.video.reading_process import ReadingProcess
from emocam.video.workplace import workplace

if TYPE_CHECKING:
    from emocam.video.clip_film import ClipFilm

from av.error import FFmpegError  # isort: skip

_HIDDEN = re.compile(r"\.partial-[^/\\]*[/\\]")  # see `workplace`

Progress = Callable[[int, int | None], None]
Listener = Callable[[FrameReadings], None]


@dataclass(frozen=True)
class VideoOptions:
    """How to go through a clip."""

    # The part to take, in seconds; to the clip's end when `end_s` is None
    start_s: float = 0.0
    end_s: float | None = None
    every_s: float = 0.0  # seconds from one analysed frame to the next; 0 analyses all
    largest: bool = False  # whether to read only the largest face
    blur: bool = False  # whether heads are made unrecognisable in the film and the report
    raw: bool = False  # whether to show each reading as it is, without smoothing


@dataclass(frozen=True)
class ClipResult:
    """What a clip gave."""

    # Where the results are; those of a stopped run have `.partial` in their names
    outputs: ClipOutputs
    # Frames that were analysed, and those with a face
    analysed_frames: int
    frames_with_face: int
    # How many frames a damaged clip gave, such as `48 of about 101 frames`, else empty
    shortfall: str
    smallest_face: int  # pixels: narrower faces are not looked for
    lacks: str  # what the film lacks, such as sound that can't be read, else empty
    stopped: bool  # whether it was stopped before the clip's end
    personal_looks: int | None = None  # analysed frames read with a profile; None without one


def annotate_clip(
    clip: Path,
    outputs: ClipOutputs,
    recognizer: EmotionRecognizer,
    options: VideoOptions,
    *,
    progress: Progress,
    stop: threading.Event,
    listener: Listener | None = None,
    beside: ReadingProcess | ClipProcess | None = None,
) -> ClipResult:
    """Write the film, the table and the report of a clip, those that are wanted.

    Parameters
    ----------
    clip
        A video file.
    outputs
        Where the results go; what is there already is replaced.
    recognizer
        What reads the faces.
    options
        How to go through the clip.
    progress
        Called with the frames done and, where the file tells, how many there are.
    stop
        When it is set the work ends soon, and what is done until then is finished.
    listener
        Called with the readings of each analysed frame, in order; the work waits for it.
    beside
        A process with the same model that shares the work: a `ClipProcess` where there is
        something to draw. None to do all in this one.

    Raises
    ------
    SourceError
        When the clip can't be decoded.
    OutputError
        When a result can't be written.
    """
    try:
        with one_blas_thread(), one_opencv_thread(), workplace(outputs.folder) as hidden:
            work = _ClipWork(clip, outputs.inside(hidden), recognizer, options, listener, beside)
            result = work.run(progress, stop)
            final = outputs.partial() if result.stopped else outputs
            with writing(outputs.folder):
                return replace(result, outputs=work.outputs.move_to(final))
    except OutputError as error:
        # It names the hidden folder, which stands where nobody asked for it.
        raise OutputError(_HIDDEN.sub("", str(error))) from error
    except (cv2.error, FFmpegError) as error:
        raise SourceError(f"{clip} can't be worked on: {reason_of(error)}") from error


class _ClipWork:
    """The pipeline of one clip."""

    def __init__(
        self,
        clip: Path,
        outputs: ClipOutputs,
        recognizer: EmotionRecognizer,
        options: VideoOptions,
        listener: Listener | None,
        beside: ReadingProcess | ClipProcess | None,
    ) -> None:
        self.clip = clip
        self.outputs = outputs
        self._recognizer = recognizer
        self._options = options
        self._listener = listener
        self._beside = beside
        self._summary = ClipSummary(recognizer.labels, blur=options.blur)
        self._heads = HeadMemory()
        self._personal_looks = 0
        self._film: ClipFilm | None = None

    def run(self, progress: Progress, stop: threading.Event) -> ClipResult:
        began_s = time.monotonic()
        with ExitStack() as stack:
            facts = self._go_through(stack, progress, stop)
        # All is written by now, and the report can tell how long it took.
        facts = replace(facts, took_s=time.monotonic() - began_s)
        lacks = "" if self._film is None else self._film.lacks
        if self.outputs.report is not None:
            named = self.outputs.partial() if facts.stopped else self.outputs
            film = None if named.film is None else named.film.name
            write_report(self.outputs.report, self._summary, facts, self._recognizer.card, film)
        return ClipResult(
            self.outputs,
            self._summary.analysed_frames,
            self._summary.frames_with_face,
            facts.shortfall,
            facts.smallest_face,
            lacks,
            facts.stopped,
            None if self._recognizer.personal is None else self._personal_looks,
        )

    def _go_through(self, stack: ExitStack, progress: Progress, stop: threading.Event) -> ClipFacts:
        """Table and film, which are finished when the stack is unwound, and what the report needs.

        The clip itself is closed before the film is completed, which takes the memory that its
        index had, but not before the last frame is encoded, which takes sound from the clip.
        """
        write_rows = None
        if self.outputs.table is not None:
            table = open_table(self.outputs.table, self._recognizer.labels)
            write_rows = stack.enter_context(table).write
        with ExitStack() as reading:
            video = reading.enter_context(
                VideoFile(self.clip, self._options.start_s, self._options.end_s)
            )
            give_back_memory()
            self._film = self._new_film(stack, reading, video)
            # Checked here alone: once all frames were read, a later stop changes nothing.
            frames, stopped = 0, False
            for frame, now, drawn in self._steps(reading, video, stop):
                stopped = stop.is_set()
                if stopped:
                    break
                if now is not None:
                    self._gather(frame, now)
                    if write_rows is not None:
                        write_rows(now.rows())
                    if self._listener is not None:
                        self._listener(now)
                if self._film is not None and frame is not None and drawn is not None:
                    self._film.add(frame, now, drawn)
                frames += 1
                progress(frames, video.frames_wanted)
            self._summary.finish()
            if not frames and not stopped:
                where = ""
                if self._options.start_s > 0 or self._options.end_s is not None:
                    lasts_s = (video.frame_count or 0) / video.fps
                    where = " in this part" + (f"; it lasts {lasts_s:.1f} s" if lasts_s else "")
                raise SourceError(f"{self.clip} has no picture that can be decoded{where}")
            shortfall = "" if stopped else video.shortfall
        if shortfall and write_rows is not None:
            write_rows([status_row(str(self.clip), "truncated", shortfall)])
        return ClipFacts(
            clip=self.clip,
            size_wh=video.size_wh,
            fps=video.fps,
            frames=frames,
            shortfall=shortfall,
            stopped=stopped,
            took_s=0.0,
            film_start_s=0.0 if self._film is None else self._film.start_s,
        )

    def _new_film(self, stack: ExitStack, reading: ExitStack, video: VideoFile) -> ClipFilm | None:
        if self.outputs.film is None:
            return None
        from emocam.video.clip_film import ClipFilm  # a table alone needs none of what draws

        return ClipFilm(
            stack,
            reading,
            self.outputs.film,
            self._recognizer.labels,
            fps=video.fps,
            sound=video.sound(),
            blur=self._options.blur,
        )

    def _steps(
        self, stack: ExitStack, video: VideoFile, stop: threading.Event
    ) -> Iterator[tuple[Frame | None, FrameReadings | None, FrameReadings | None]]:
        """Frame, its readings if it was analysed, and what to draw."""
        options, is_drawn = self._options, self.outputs.is_drawn
        request = ClipRequest(
            video.path,
            video.start_s,
            video.end_s,
            options.every_s,
            options.largest,
            smooth=not options.raw,
        )

        def read_here(beside: ReadingProcess | None = None) -> Iterator[FrameReadings]:
            own = (
                stack.enter_context(VideoFile(video.path, video.start_s, video.end_s))
                if is_drawn
                else video
            )
            return clip_readings(
                stack,
                own,
                self._recognizer,
                every_s=request.every_s,
                largest=request.largest,
                smooth=request.smooth,
                beside=beside,
            )

        def read_rest() -> Iterator[FrameReadings]:
            # What ends this run may have ended the process as well: nothing is read again then.
            if not stop.is_set():
                yield from takewhile(lambda _: not stop.is_set(), read_here())

        if isinstance(self._beside, ClipProcess):
            analysed = self._beside.readings(request, read_rest)
        else:
            analysed = read_here(self._beside)
        if not is_drawn:
            for now in analysed:
                yield None, now, None
        else:
            if self.outputs.report is not None:
                prepare_report()  # meanwhile the first frames are analysed
            steps = frames_with_readings(stack, video, analysed)
            if options.blur:
                heads = clip_heads(stack, video, self._recognizer, every_s=options.every_s)
                steps = with_heads(steps, heads)
            yield from steps

    def _gather(self, frame: Frame | None, now: FrameReadings) -> None:
        picture = None if frame is None else frame.image_bgr
        hidden: list[Box] = []
        if frame is not None and picture is not None:
            size_wh = picture.shape[1], picture.shape[0]
            self._heads.see(now.heads, frame.time_s or 0.0, size_wh)
            hidden = self._heads.boxes(size_wh)
        self._summary.add(now, picture, hidden)
        self._personal_looks += any(self._recognizer.is_personal(one) for one in now)
