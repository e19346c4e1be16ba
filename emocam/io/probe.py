"""What else a video file tells, for clear messages."""

from __future__ import annotations

from pathlib import Path

from emocam.io.containers import av, open_container
from emocam.io.media_kind import PHOTO_ENDINGS

from av.error import FFmpegError  # isort: skip

_EARLY = 0.02  # of the duration: a file that ends earlier than this is cut off


def why_not(path: Path) -> str:
    """Why a file gives no pictures, to follow the file's name in a message."""
    with path.open("rb") as file:
        head = file.read(4096)
    if path.suffix.lower() in PHOTO_ENDINGS:
        return "is a photo: 'emocam label' reads photos, 'emocam explain' one of them in depth"
    if b"\0" not in head and all(byte >= 32 or byte in b"\t\n\r\f" for byte in head):
        return "is a text file; a video was expected, such as .mp4, .mov, .mkv, .avi or .webm"
    try:
        with open_container(path) as container:
            pictures, sounds = container.streams.video, container.streams.audio
            if pictures:
                decoder = pictures[0].codec_context
                kind = "video of an unknown codec" if decoder is None else f"{decoder.name} video"
                return f"holds {kind}, which can't be decoded here"
            return "holds sound but no picture" if sounds else "holds no picture"
    except (OSError, ValueError, FFmpegError) as error:
        return f"is not a video, or is cut off or damaged ({getattr(error, 'strerror', error)})"


def is_cut_off(path: Path) -> bool:
    """Whether a file's last packet comes well before the end that its head tells.

    A picture that merely ends before the sound is not cut off.
    """
    last_s = 0.0
    with open_container(path) as container:
        if container.duration is None:
            return False
        # Matroska counts the duration from time 0, others count it from the first packet; what
        # reaches either is whole.
        begins_s = min(0, container.start_time or 0) / av.time_base
        lasts_s = container.duration / av.time_base
        try:
            for packet in container.demux():
                if packet.pts is not None and packet.time_base is not None:
                    ends = packet.pts + (packet.duration or 0)
                    last_s = max(last_s, float(ends * packet.time_base) - begins_s)
        except (OSError, ValueError, FFmpegError):
            return True
    return bool(last_s < lasts_s * (1 - _EARLY) - 0.1)
