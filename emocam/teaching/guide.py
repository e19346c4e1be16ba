"""A guided session with the camera: in a window, in a browser, or by plain lines."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from emocam.detection.crop import crop_faces, cut_square
from emocam.io.address import parse_address
from emocam.io.backends import CameraSettings, quiet_opencv
from emocam.io.camera import LiveCamera
from emocam.live.browser import BrowserView
from emocam.live.options import check_source
from emocam.live.session import Reporter
from emocam.live.threads import DetectionThread
from emocam.live.window import Window, WindowProbe
from emocam.readings import FrameReadings
from emocam.recognition.model_file import find_model
from emocam.recognition.personal import teachable
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.runtime import one_blas_thread
from emocam.signals import end_on_signals
from emocam.teaching.face_quality import complaint
from emocam.teaching.from_photos import Lesson
from emocam.teaching.picture import guided_picture
from emocam.teaching.steps import GuidedSteps, Moment, Prompt, checked_labels
from emocam.tracking.follower import Follower
from emocam.types import Box, Frame

_WAIT_S = 0.1
_BUTTONS = (("a", "again"), ("s", "skip"), ("q", "end and keep"))


@dataclass(frozen=True)
class Guidance:
    """What a guided session is asked for."""

    source: str  # a camera, an address, or with `realtime` a video file
    model: str | None = None
    labels: tuple[str, ...] | None = None  # what to show; all that the model knows when None
    window: bool = True
    browser: bool = False
    realtime: bool = False


def guided_lesson(guidance: Guidance, reporter: Reporter) -> tuple[EmotionRecognizer, Lesson]:
    """Tell the user what to show until all of it was caught; what was.

    Raises
    ------
    UsageError
        When the options don't fit.
    SourceError
        When the camera can't be opened or gives no picture at first.
    InputError
        When the model can't be taught, or a label can't be one.
    """
    address, settings = parse_address(guidance.source), CameraSettings()
    find_model(guidance.model)
    check_source(address, settings, realtime=guidance.realtime, command="teach")
    quiet_opencv()
    with ExitStack() as stack:
        wants_window = guidance.window and not guidance.browser
        probe = stack.enter_context(WindowProbe()) if wants_window else None
        loading = stack.enter_context(ThreadPoolExecutor(1)).submit(
            EmotionRecognizer.load, guidance.model
        )
        camera = stack.enter_context(LiveCamera(address, settings))
        recognizer = loading.result()
        labels = checked_labels(guidance.labels, teachable(recognizer.model).labels)
        stack.enter_context(one_blas_thread())
        ending = stack.enter_context(end_on_signals())
        window = browser = None
        if guidance.browser:
            browser = stack.enter_context(BrowserView(title="emocam teach"))
            reporter.note(f"open {browser.url} in a browser; Ctrl-C ends")
        elif probe is not None and probe.result():
            window = stack.enter_context(Window("emocam teach"))
            lost = "the display is gone, and the session with it: nothing was kept"
            window.on_lost = partial(reporter.note, lost)
        elif probe is not None:
            reporter.note("no display for a window here: going on with lines; Ctrl-C ends")
        detection = stack.enter_context(DetectionThread(camera))
        steps = GuidedSteps(labels, reviews=window is not None or browser is not None)
        guide = _Guide(camera, recognizer, steps, reporter, window, browser)
        guide.run(detection, ending)
    return recognizer, steps.lesson(teachable(recognizer.model))


class _Guide:
    """The loop of a guided session."""

    def __init__(
        self,
        camera: LiveCamera,
        recognizer: EmotionRecognizer,
        steps: GuidedSteps,
        reporter: Reporter,
        window: Window | None,
        browser: BrowserView | None,
    ) -> None:
        self._camera, self._steps, self._reporter = camera, steps, reporter
        self._window, self._browser = window, browser
        self._follower = Follower(recognizer, smooth=False)
        self._spoken = ""

    def run(self, detection: DetectionThread, ending: threading.Event) -> None:
        """Go on until all is caught, the user ends it, or the source does."""
        last = -1
        while not (self._steps.is_over or ending.is_set()):
            detection.check()
            frame = self._camera.wait_newer(last, _WAIT_S)
            if frame is None:
                if self._camera.ended:
                    return
                continue
            last = frame.index
            newcomers = detection.take(alone=self._follower.alone)
            readings = self._follower.follow_frame(frame, newcomers)
            moment, box = self._moment(frame, readings)
            # While nobody has opened the page, nobody can follow what it says.
            if self._browser is None or self._browser.clients:
                self._steps.see(moment)
            self._tell(frame, moment, box)

    def _moment(self, frame: Frame, readings: FrameReadings) -> tuple[Moment, Box | None]:
        time_s = frame.time_s or 0.0
        largest, points = readings.largest, readings.points
        if largest is None or points is None:
            return Moment(time_s), None
        row = readings.faces.index(largest.face)
        size = self._follower.recognizer.model.size
        crop = crop_faces(frame.image_bgr, [largest.face], size)[0]
        x1, y1, x2, y2 = largest.face.xyxy
        picture = cut_square(frame.image_bgr, x1, y1, max(x2 - x1, y2 - y1))
        said = complaint(largest.face, crop)
        return Moment(time_s, points[row], said, picture, crop), largest.face.xyxy

    def _tell(self, frame: Frame, moment: Moment, box: Box | None) -> None:
        prompt = self._steps.prompt(moment.time_s)
        if not self._steps.is_over:
            self._speak(prompt)
        if self._window is None and self._browser is None:
            return
        is_good = box is not None and not moment.complaint
        picture = guided_picture(frame.image_bgr, box, self._steps, prompt, is_good=is_good)
        if self._window is not None and (key := self._window.show(picture)):
            self._steps.press(key)
        if self._browser is not None:
            self._browser.show(picture, page_state(prompt, self._steps))
            for key in self._browser.take_keys():
                self._steps.press(key)

    def _speak(self, prompt: Prompt) -> None:
        """A line whenever there is something new to do."""
        words = prompt.detail.rstrip(" …0123456789").rstrip(",")
        line = f"{prompt.title}: {words}"
        if line != self._spoken:
            self._spoken = line
            self._reporter.line(line)


def page_state(prompt: Prompt, steps: GuidedSteps) -> str:
    """What the page shows beside the picture: what to do, and the buttons."""
    numbers = [(str((n + 1) % 10), label) for n, label in enumerate(steps.labels[:10])]
    notice = f"{prompt.title}: {prompt.detail}"
    return json.dumps({"faces": [], "notice": notice, "keys": [*_BUTTONS, *numbers]})
