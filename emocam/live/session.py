"""One live session: what happens between its first and its last frame."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Protocol

from emocam.errors import EmocamError, OutputError
from emocam.io.camera import Gap, LiveCamera
from emocam.live.log import Log, dated_path
from emocam.live.marks import Marks
from emocam.live.options import LiveOptions
from emocam.live.rates import Numbers
from emocam.live.senders.messages import Event, Mark
from emocam.live.senders.sender import Sender
from emocam.live.side_by_side import CameraGroup, FollowerGroup, pairs
from emocam.live.sinks import LiveSinks, PictureSink
from emocam.live.stats import Summary
from emocam.live.teacher import LiveTeacher
from emocam.live.threads import ReadingThreads
from emocam.live.view import LiveView
from emocam.readings import FrameReadings
from emocam.tracking.follower import Follower
from emocam.types import Frame

_WAIT_S = 0.05  # timeout of waiting for a frame, so that the window stays responsive
_MESSAGE_S = 3.0
_STALE_S = 1.0
_LINE_EVERY_S = 1.0
_USUAL_FPS = 30.0


class Reporter(Protocol):
    """Where lines for the user go."""

    def line(self, text: str) -> None:
        """What is read just now, once a second when nothing is shown."""
        ...

    def note(self, text: str) -> None:
        """Something that the user should know."""
        ...


class LiveSession:
    """Shows frames as they come; a context manager around its threads, sinks and film.

    Parameters
    ----------
    options
        What is asked for.
    camera
        An open camera.
    follower
        What reads its frames.
    reporter
        Where lines for the user go.
    sinks
        Where the results go; the session opens and closes them.
    marks
        Where marks come from; the keys alone when None.

    Attributes
    ----------
    view
        Where pictures are shown.
    summary
        Figures of the session so far.
    """

    def __init__(
        self,
        options: LiveOptions,
        camera: LiveCamera | CameraGroup,
        follower: Follower | FollowerGroup,
        reporter: Reporter,
        sinks: LiveSinks,
        marks: Marks | None = None,
    ) -> None:
        self.options, self.camera, self.follower = options, camera, follower
        self.summary = Summary()
        self.view = LiveView(follower.recognizer.labels, sinks)
        self._reporter = reporter
        # Senders are told by the thread that reads: the next picture is not waited for.
        listeners = [sender.put for sender in sinks.senders]
        self._threads = ReadingThreads(
            pairs(camera, follower), keep_all=options.keep_all, listeners=listeners
        )
        self._marks = Marks() if marks is None else marks
        self._is_for_one_receiver = len(sinks.senders) == 1 and not (
            sinks.table or sinks.window or sinks.browser or sinks.virtual_camera or options.record
        )
        self._log = None if sinks.table is None else Log(sinks.table)
        self._sinks, self._open = sinks, ExitStack()
        self._numbers = Numbers()
        self._frame: Frame | None = None
        self._readings = FrameReadings()
        self._last = -1
        self._teacher = LiveTeacher(follower)
        self._message, self._message_until_s = "", 0.0
        self._next_message = ""
        self._undrawn_s: float | None = None
        self._next_line_s = 0.0
        if options.record is not None:
            self.view.film.start(options.record)

    def __enter__(self) -> LiveSession:
        sinks = self._sinks
        with ExitStack() as opening:
            for sink in (self._log, sinks.browser, sinks.window, *self._others()):
                if sink is not None:
                    opening.enter_context(sink)
            opening.enter_context(self._threads)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as ending:  # the film is completed also when the log can't be
            ending.callback(self._keep_profile)
            ending.callback(self._stop_film)
            self._open.close()
            self._tell_news()
        self.summary.sending = [sender.summary for sender in self._sinks.senders]
        # The counts are final once the threads have been joined.
        self.summary.turned_down = self.follower.turned_down + self._threads.turned_down

    def run(self, ending: threading.Event) -> None:
        """Go on until the event is set, the user quits, the time is over, or a file ends."""
        first_s, limit_s = self.camera.clock_s, self.options.duration_s
        first = self.camera.newest()
        going = True
        while going and not ending.is_set():
            going = self._step()
            self.summary.seconds = self.camera.clock_s - first_s
            going = going and (limit_s is None or self.summary.seconds < limit_s)
        self.finish()
        if first is not None and self._frame is not None:
            self.summary.frames = self._last - first.index + 1
        self.summary.garbled = self.camera.garbled

    def finish(self) -> None:
        """Take over the last readings: those that the threads are busy with belong to the log."""
        self._threads.stop()
        self._threads.check()
        self._take()

    def _step(self) -> bool:
        """Wait for a frame, show it, do what a key asks for; False when the session is over."""
        self._threads.check()
        if self._is_for_one_receiver:
            self._sinks.senders[0].check()
        newer = self.camera.wait_newer(self._last, _WAIT_S)
        self._take()
        if newer is None and self.camera.ended:
            return False
        if newer is not None:
            self._last = newer.index
            self._numbers.camera.mark(newer.time_s or 0.0, newer.index)
            if not self.view.controls.paused:
                self._frame = newer
        key = self._show(is_new=newer is not None and newer is self._frame)
        return self._obey(self.view.controls.press(key)) if key else True

    def _take(self) -> None:
        """Take over what the threads found since the last time."""
        analyses, gaps = self._threads.take(), self.camera.take_gaps()
        marks = self._marks.take(self.camera.address.text)
        self.summary.add_gaps(gaps)
        for one in analyses:
            self.summary.add(one)
            self._numbers.analysed_s = self._undrawn_s = one.time_s
            if one:
                self._numbers.read.mark(one.time_s or 0.0, self.summary.read)
        self.view.remember(analyses)
        if self._log is not None:
            self._log.add(analyses, gaps, marks)
        self._tell_others(gaps, marks)
        self._teach(analyses)
        self._tell_gaps(gaps)
        self._tell_news()

    def _show(self, *, is_new: bool) -> str:
        frame, now_s = self._frame, self.camera.clock_s
        if frame is None:
            return ""
        key = ""
        if self.view.is_seen:
            key = self._draw(frame, now_s, is_new=is_new)
            self.summary.drawn += is_new
            self._numbers.drawn.mark(self.camera.clock_s, self.summary.drawn)
        if self._undrawn_s is not None:
            self.summary.latency.add(self.camera.clock_s - self._undrawn_s)
            self._undrawn_s = None
        if not self.view.is_local:
            self._tell(now_s)
        return key

    def _draw(self, frame: Frame, now_s: float, *, is_new: bool) -> str:
        time_s = frame.time_s or 0.0
        # While paused, later readings must not change the picture.
        if not self.view.controls.paused:
            self._readings = self.follower.readings_at(time_s)
        try:
            return self.view.show(
                frame,
                self._readings,
                now_s=time_s if is_new else now_s,
                fps=self._numbers.camera.per_second(now_s) or _USUAL_FPS,
                notice=self._notice(now_s),
                numbers=self._numbers_text(now_s),
                stale=now_s - time_s > _STALE_S and not self.view.controls.paused,
                is_new=is_new,
            )
        except OutputError as error:  # the film's: its disk is full, say
            self._say(str(error))
            self.summary.is_incomplete = True
            return ""

    def _obey(self, action: str) -> bool:
        if action == "quit":
            return False
        try:
            if action.startswith("mark "):
                self._marks.press(action, self.camera.clock_s)
            elif action == "snapshot":
                path = dated_path(self.options.output, ".png")
                self.view.save(path)
                self._say(f"saved {path}")
            elif action == "record":
                self._start_or_stop_film()
            elif action == "next_camera":
                self.camera.next_camera()
            elif action == "calibrate":
                self._teacher.start_neutral(self.camera.clock_s)
            elif action == "full_screen":
                self.view.full_screen()
            elif "correct" in action:
                self._correct(action)
        except EmocamError as error:  # of a disk that is full, say: the session goes on
            self._say(str(error))
        self._threads.pause(self.view.controls.paused)
        return True

    def _start_or_stop_film(self) -> None:
        if self.view.film.path is not None:
            self._stop_film()
        else:
            path = dated_path(self.options.output, ".mp4")
            self.view.film.start(path)
            self._reporter.note(f"recording to {path}")

    def _stop_film(self) -> None:
        try:
            path = self.view.film.stop()
        except OutputError as error:
            self._say(str(error))
            self.summary.is_incomplete = True
            return
        if path is not None:
            left_out = self.view.film.left_out
            lost = f" without {left_out} pictures: encoding was too slow" if left_out else ""
            self._say(f"recorded {path}{lost}")

    def _teach(self, analyses: list[FrameReadings]) -> None:
        try:
            for one in analyses:
                self._teacher.add(one)
                if said := self._teacher.owner_change(one):
                    self._say_next(said)
            if said := self._teacher.finish(self.camera.clock_s):
                self._say(said)
        except EmocamError as error:
            self._say(str(error))

    def _correct(self, action: str) -> None:
        """The keys `l` and then a number, or another key, which takes it back."""
        if action == "correct":
            self._teacher.ask()
        elif action == "uncorrected":
            self._teacher.forget_question()
        else:
            digit = int(action.removeprefix("corrected "))
            self._say(self._teacher.answer(digit or 10))

    def _keep_profile(self) -> None:
        path = self.options.profile
        if path is not None and self._teacher.is_changed:
            try:
                self._teacher.save(path)
                self._reporter.note(f"kept the profile {path}")
            except OutputError as error:
                self._reporter.note(str(error))
                self.summary.is_incomplete = True

    def _say(self, message: str) -> None:
        self._message, self._message_until_s = message, self.camera.clock_s + _MESSAGE_S
        self._reporter.note(message)

    def _say_next(self, message: str) -> None:
        """Show it once the message before has been read: what was just learnt, say."""
        self._next_message = message
        self._reporter.note(message)

    def _notice(self, now_s: float) -> str:
        if self._next_message and now_s >= self._message_until_s:
            self._message, self._next_message = self._next_message, ""
            self._message_until_s = now_s + _MESSAGE_S
        if self.camera.fault:
            return self.camera.fault
        if self.view.controls.paused:
            return "paused: press space to go on"
        taught = self._teacher.notice(now_s)
        return taught or (self._message if now_s < self._message_until_s else "")

    def _numbers_text(self, now_s: float) -> str:
        if not self.view.controls.paused:
            self._numbers.update(now_s, is_seen=self.view.is_seen)
        return self._numbers.text

    def _tell(self, now_s: float) -> None:
        """A line a second where no picture is shown."""
        if now_s < self._next_line_s or self._frame is None:
            return
        self._next_line_s = now_s + _LINE_EVERY_S
        faces = ", ".join(
            f"face {one.face.id} {one.emotion} {one.certainty:.0%}"
            for one in self.follower.readings_at(self._frame.time_s or 0.0)
        )
        status = self.camera.fault or faces or "no face"
        self._reporter.line(f"{now_s:8.1f} s  {status}  ({self._numbers_text(now_s)})")

    def _tell_gaps(self, gaps: list[Gap]) -> None:
        for gap in gaps:
            self._say(f"{gap.reason}; pictures again after {gap.seconds:.1f} s")

    def _tell_others(self, gaps: list[Gap], marks: list[Mark]) -> None:
        for mark in marks:
            self.summary.marks.append((mark.name, mark.time_s))
            self._say(f"marked: {mark.name} ({mark.time_s:.1f} s)")
        events: list[Event] = [*gaps, *marks]
        for sender in self._sinks.senders:
            for event in events:
                sender.put(event)

    def _tell_news(self) -> None:
        # Not in the picture: an address with a token has no place in a film.
        for sink in self._others():
            for news in sink.take_news():
                self._reporter.note(news)

    def _others(self) -> list[Sender | PictureSink]:
        """Sinks that other programs take from."""
        camera = self._sinks.virtual_camera
        return [*self._sinks.senders, *([] if camera is None else [camera])]
