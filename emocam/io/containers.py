"""Opening clips as media containers, never as playlists of other files.

FFmpeg also reads playlists (ffconcat, HLS, DASH, SDP, numbered pictures), which name what is to be
opened next: whoever sends such a file would choose which files of this computer are read. So the
demuxers are named one by one, and no protocol but `file` is spoken
(https://ffmpeg.org/ffmpeg-formats.html, `format_whitelist` and `protocol_whitelist`).

PyAV must be imported after cv2: windows of OpenCV hang for ever when it comes first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2  # noqa: F401 - before av

import av as av  # isort: skip

CONTAINERS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpeg", "mpegts",
    "mpegvideo", "h264", "hevc", "m4v", "flv", "asf", "ogg", "gif", "apng", "ivf", "obu",
    "nut", "mxf", "dv", "rm", "yuv4mpegpipe", "wav", "mp3", "aac", "flac",
)  # fmt: skip
"""FFmpeg's demuxers that follow no other file; some hold sound alone, for a clear error."""

_OPTIONS = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"}


def open_container(path: Path) -> Any:
    """PyAV's container of a clip, owned by the caller.

    Raises
    ------
    av.error.FFmpegError
        When it can't be opened, or is a playlist.
    """
    # Titles that are no UTF-8, as of many an older film, are no reason to refuse its pictures.
    return av.open(str(path.absolute()), options=_OPTIONS, metadata_errors="replace")
