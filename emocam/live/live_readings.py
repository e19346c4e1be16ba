"""Frames of a camera or stream with their readings, for a loop of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from emocam.errors import UsageError
from emocam.io.address import parse_address
from emocam.io.backends import CameraSettings
from emocam.io.camera import LiveCamera
from emocam.live.options import check_source
from emocam.live.threads import DetectionThread
from emocam.readings import FrameReadings
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.runtime import closed_at_exit
from emocam.tracking.follower import Follower
from emocam.types import Frame

_WAIT_S = 0.1


def read_live(
    source: str | int | Path = 0,
    recognizer: EmotionRecognizer | None = None,
    *,
    profile: Profile | None = None,
    smooth: bool = True,
    keep_all: bool = False,
    camera_size: tuple[int, int] | None = None,
    fps: float | None = None,
    realtime: bool = False,
    duration_s: float | None = None,
) -> Iterator[tuple[Frame, FrameReadings]]:
    """Frames of a live source with the readings of their faces, always the newest.

    The camera has a thread of its own that is never held up: frames that come while the loop is
    busy are left out, so what it gets is never old. New faces are searched for in another thread.
    A source that is lost is opened again; the loop waits meanwhile. Close the iterator, or end
    the loop, to release the camera.

    Parameters
    ----------
    source
        Number of a camera, a device such as /dev/video2, an http(s):// or rtsp:// address,
        `screen` or a part of one, or with `realtime` a video file.
    recognizer
        What reads the faces; the default model when None.
    profile
        Of one person, whose face is then read relative to it.
    smooth
        Whether to smooth readings over time; otherwise each is as the model gave it.
    keep_all
        Keeps boxes that the check for faces turns down.
    camera_size
        Width and height in pixels that the camera is asked for.
    fps
        Frames a second that the camera is asked for.
    realtime
        Shows a file at its own pace, as if it were live.
    duration_s
        Ends after so many seconds.

    Yields
    ------
    tuple of Frame and FrameReadings
        The newest frame and the readings of its faces.

    Raises
    ------
    UsageError
        When the source is no camera and no address.
    SourceError
        When it can't be opened or gives no picture at first.

    Examples
    --------
    >>> from emocam import read_live
    >>> for frame, readings in read_live("samples/webcam.mp4", realtime=True, duration_s=0.5):
    ...     assert frame.time_s == readings.time_s
    """
    address = parse_address(str(source))
    settings = CameraSettings(camera_size, fps)
    if address.kind == "path" and not realtime:
        raise UsageError(f"'{source}' is no camera: a file is shown as if live with realtime=True")
    check_source(address, settings, realtime=realtime)
    recognizer = EmotionRecognizer.load() if recognizer is None else recognizer
    follower = Follower(recognizer, profile, smooth, keep_all=keep_all)
    with closed_at_exit() as stack:
        camera = stack.enter_context(LiveCamera(address, settings))
        detection = stack.enter_context(DetectionThread(camera, keep_all=keep_all))
        last = -1
        while duration_s is None or camera.clock_s < duration_s:
            detection.check()
            frame = camera.wait_newer(last, _WAIT_S)
            if frame is not None:
                last = frame.index
                newcomers = detection.take(alone=follower.alone)
                yield frame, follower.follow_frame(frame, newcomers)
            elif camera.ended:
                return
