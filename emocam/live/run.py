"""Live: a camera through faces and emotions to a window, a browser, or plain lines.

Three things go on beside each other: the camera's thread keeps the newest frame, the recognition
thread reads the newest frame when it is ready (and the detection thread searches for new faces),
and the main thread draws every frame as it comes, with the last readings moved along with their
faces.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import cv2

from emocam.io.backends import quiet_opencv
from emocam.io.camera import LiveCamera
from emocam.io.tables import open_table
from emocam.live.options import LiveOptions
from emocam.live.session import LiveSession, Reporter
from emocam.live.sinks import LiveSinks
from emocam.live.stats import Summary
from emocam.live.window import Window, WindowProbe
from emocam.recognition.model_file import model_hash
from emocam.recognition.profile import load_profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.runtime import one_blas_thread
from emocam.signals import end_on_signals
from emocam.tracking.follower import Follower

_TITLE = "emocam"


def run_live(options: LiveOptions, reporter: Reporter) -> Summary:
    """Show what is read until the user, a signal, the time or the end of a file ends it.

    Raises
    ------
    UsageError
        When the options don't fit.
    SourceError
        When the camera can't be opened or gives no picture at first. Once it has given one, it
        is opened anew as often as it takes.
    InputError
        When the model or the profile can't be used.
    """
    options.check()
    quiet_opencv()
    with ExitStack() as stack:
        wants_window = options.window and not options.browser
        probe = stack.enter_context(WindowProbe()) if wants_window else None
        # The model loads, and the child process tries a window, while the camera opens.
        loading = stack.enter_context(ThreadPoolExecutor(1)).submit(
            EmotionRecognizer.load, options.model, certainty=options.certainty
        )
        camera = stack.enter_context(LiveCamera(options.address, options.settings))
        recognizer = loading.result()
        stack.enter_context(one_blas_thread())
        cv2.setNumThreads(_search_threads())
        follower = Follower(recognizer, smooth=not options.raw, keep_all=options.keep_all)
        _load_profile(options, follower)
        # Whoever reads that the session runs may end it at once.
        ending = stack.enter_context(end_on_signals())
        sinks = _make_sinks(options, recognizer.labels, probe)
        session = LiveSession(options, camera, follower, reporter, sinks)
        stack.enter_context(session)
        if sinks.browser is not None:
            reporter.note(f"open {sinks.browser.url} in a browser; Ctrl-C ends")
        elif probe is not None and sinks.window is None:
            reporter.note("no display for a window here: going on without; Ctrl-C ends")
        session.run(ending)
    return session.summary


def _make_sinks(
    options: LiveOptions, labels: Sequence[str], probe: WindowProbe | None
) -> LiveSinks:
    table = None
    if options.log is not None:
        table = open_table(options.log, labels, force=options.force, live=True)
    if options.browser:
        from emocam.live.browser import BrowserView  # its server is slow to import

        return LiveSinks(browser=BrowserView(), table=table)
    window = Window(_TITLE) if probe is not None and probe.result() else None
    return LiveSinks(window=window, table=table)


def _search_threads() -> int:
    """Threads for one search of a whole frame: the camera and the window need cores too."""
    return max(1, (os.cpu_count() or 2) // 2)


def _load_profile(options: LiveOptions, follower: Follower) -> None:
    if options.profile is not None and options.profile.exists():
        digest = model_hash(options.model)
        follower.use_profile(load_profile(options.profile, follower.recognizer.labels, digest))
