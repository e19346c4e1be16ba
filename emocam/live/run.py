"""Live: a camera through faces and emotions to a window, a browser, or plain lines.

Four threads: the camera's keeps the newest frame, the recognition thread reads it, the detection
thread searches it for new faces, and the main thread draws every frame with the last readings,
their boxes extrapolated.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import cv2

from emocam.errors import EmocamError
from emocam.io.address import without_login
from emocam.io.backends import quiet_opencv
from emocam.io.camera import LiveCamera
from emocam.io.tables import open_table
from emocam.live.marks import MarkListener, Marks, mark_names, parse_marks_address
from emocam.live.options import LiveOptions
from emocam.live.senders.addresses import Receiver, make_sender, parse_receivers
from emocam.live.senders.messages import SessionClock
from emocam.live.session import LiveSession, Reporter
from emocam.live.side_by_side import CameraGroup, FollowerGroup
from emocam.live.sinks import LiveSinks
from emocam.live.stats import Summary
from emocam.live.virtual_camera import VirtualCamera
from emocam.live.window import Window, WindowProbe
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.runtime import one_blas_thread
from emocam.signals import end_on_signals
from emocam.tracking.follower import Follower

if TYPE_CHECKING:
    from emocam.live.local_server import LocalServer

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
        camera = _make_camera(options)
        stack.enter_context(camera)
        recognizer = loading.result()
        stack.enter_context(one_blas_thread())
        cv2.setNumThreads(_search_threads())
        follower = _make_follower(options, camera, recognizer)
        # Signals are handled before any message tells that the session runs.
        ending = stack.enter_context(end_on_signals())
        clock = SessionClock.at(camera.clock_s)
        sinks = _make_sinks(options, recognizer.labels, probe, clock, camera)
        marks = _make_marks(options, stack, clock)
        session = LiveSession(options, camera, follower, reporter, sinks, marks)
        stack.enter_context(session)
        if sinks.window is not None:
            sinks.window.on_lost = partial(_end_without_display, session, stack, reporter)
        if sinks.browser is not None:
            reporter.note(f"open {sinks.browser.url} in a browser; Ctrl-C ends")
        elif probe is not None and sinks.window is None:
            reporter.note("no display for a window here: going on without; Ctrl-C ends")
        if options.is_profile_new:
            way = "everybody is read alike" if sinks.window is None else "key n or l begins it"
            reporter.note(f"there is no profile {options.profile} yet: {way}")
        session.run(ending)
    return session.summary


def _end_without_display(session: LiveSession, stack: ExitStack, reporter: Reporter) -> None:
    """Complete what the session keeps and release the camera: the process is about to end."""
    try:
        session.finish()
        stack.close()
    except EmocamError as error:
        reporter.note(str(error))
    reporter.note("the display is gone, and the session with it: what was kept is complete")


def _make_camera(options: LiveOptions) -> LiveCamera | CameraGroup:
    if options.others:
        return CameraGroup(options.addresses, options.settings)
    return LiveCamera(options.address, options.settings)


def _make_follower(
    options: LiveOptions, camera: LiveCamera | CameraGroup, recognizer: EmotionRecognizer
) -> Follower | FollowerGroup:
    followers = [
        Follower(recognizer, smooth=not options.raw, keep_all=options.keep_all)
        for _ in options.addresses
    ]
    if options.profile is not None and not options.is_profile_new:
        profile = Profile.load(options.profile)
        for follower in followers:
            follower.use_profile(profile)
    return FollowerGroup(camera, followers) if isinstance(camera, CameraGroup) else followers[0]


def _make_sinks(
    options: LiveOptions,
    labels: Sequence[str],
    probe: WindowProbe | None,
    clock: SessionClock,
    camera: LiveCamera | CameraGroup,
) -> LiveSinks:
    table = None
    if options.log is not None:
        table = open_table(options.log, labels, force=options.force, live=True)
    receivers = parse_receivers(options.send)
    server = _make_server(options, receivers)
    source = without_login(camera.address.text)
    sinks = LiveSinks(
        table=table,
        virtual_camera=_make_virtual_camera(options, camera),
        senders=[make_sender(one, clock, labels, source, server) for one in receivers],
    )
    if options.browser:
        from emocam.live.browser import BrowserView  # its server is slow to import

        return replace(sinks, browser=BrowserView(server))
    if probe is not None and probe.result():
        return replace(sinks, window=Window(_TITLE))
    return sinks


def _make_virtual_camera(
    options: LiveOptions, camera: LiveCamera | CameraGroup
) -> VirtualCamera | None:
    first = camera.newest()
    if not options.virtual_camera or first is None:
        return None
    return VirtualCamera((first.image_bgr.shape[1], first.image_bgr.shape[0]))


def _make_server(options: LiveOptions, receivers: Sequence[Receiver]) -> LocalServer | None:
    """One server for the page and the readings, on the port that was asked for."""
    ports = [one.port for one in receivers if one.kind == "ws"]
    if not ports and not options.browser:
        return None
    from emocam.live.local_server import LocalServer  # slow to import

    return LocalServer(*ports[:1])


def _make_marks(options: LiveOptions, stack: ExitStack, clock: SessionClock) -> Marks:
    listener = None
    if options.marks_from is not None:
        host, port = parse_marks_address(options.marks_from)
        listener = stack.enter_context(MarkListener(host, port, clock))
    return Marks(mark_names(options.marks), listener)


def _search_threads() -> int:
    """Threads for one search of a whole frame: the camera and the window need cores too."""
    return max(1, (os.cpu_count() or 2) // 2)
