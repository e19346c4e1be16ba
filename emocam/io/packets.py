"""One open clip that several read at once: two decoders, each at its own pace, and the sound.

FFmpeg keeps an index of every frame and every piece of sound of an mp4 file, some 10 MB an hour.
So the file is open once, and what is read from it waits for those who are behind.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from emocam.io.containers import av, open_container
from emocam.types import ImageU8

from av.error import FFmpegError  # isort: skip
from av.video.reformatter import VideoReformatter  # isort: skip

_MOST_WAITING = 64 << 20  # bytes; who is further behind reads the file on its own
_PATIENCE = 60  # times in a row that reading may fail in a damaged file
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class ClipPackets:
    """The packets of a clip, for all who take part; closed by `close`.

    Parameters
    ----------
    path
        A file that PyAV's FFmpeg decodes.
    from_s
        Where to begin, at the key frame before this time; at the first picture where the file
        can't be searched.

    Attributes
    ----------
    fps
        Average frames a second, 0 where the file doesn't say.
    frame_count
        About how many frames there are, 0 where the file doesn't say.
    size_wh
        Width and height of the upright frames in pixels.
    first_s
        Time of the first frame that comes, in seconds from the clip's first picture.

    Raises
    ------
    FFmpegError
        When the file can't be opened.
    ValueError
        When there is no picture in it that can be decoded.
    """

    def __init__(self, path: Path, from_s: float = 0.0) -> None:
        self.path = path
        self._sought_s = from_s
        self._decoders = [self._probe_first_frame()]
        self._feeds: list[_Feed] = []
        self._container = open_container(path)
        try:
            self._decoders.append(_decoder(self._video_stream))
            if self._sought_s > 0:
                self._seek(self._container, self._video_stream)
            self._packets = self._container.demux()
        except BaseException:
            self.close()
            raise
        self._failures = 0
        self._reads = False
        self._lock = threading.Lock()

    @property
    def _video_stream(self) -> Any:
        return self._container.streams.best("video")

    def _probe_first_frame(self) -> Any:
        """Open the clip to learn what its first frame shows; the decoder that was used."""
        with open_container(self.path) as container:
            stream = container.streams.best("video")
            if stream is None or stream.codec_context is None:
                raise ValueError("no picture that can be decoded")
            self.zero_s = float((stream.start_time or 0) * (stream.time_base or 0))
            self.fps = float(stream.guessed_rate or stream.average_rate or 0)
            lasts_s = (container.duration or 0) / av.time_base
            self.frame_count = stream.frames or round(lasts_s * self.fps)
            decoder = _decoder(stream)
            self.size_wh, self.first_s = (decoder.width, decoder.height), 0.0
            if self._sought_s > 0:
                self._seek(container, stream)
            first = _first_frame(container, stream, decoder)
            if first is None and not self._sought_s:
                raise ValueError("no picture that can be decoded")
            if first is not None:
                turned = round(first.rotation) % 180 == 90
                width, height = first.width, first.height
                self.size_wh = (height, width) if turned else (width, height)
                self.first_s = _time_s(first, stream.time_base, self.zero_s)
            if self._sought_s and not 0 < self.first_s <= self._sought_s:
                self._sought_s = self.first_s = 0.0  # this file can't jump
            decoder.flush_buffers()
            return decoder

    def _seek(self, container: Any, stream: Any) -> None:
        aim_s = self.zero_s + self._sought_s
        try:
            container.seek(math.floor(aim_s / stream.time_base), stream=stream)
        except FFmpegError:
            self._sought_s = 0.0

    def pictures(self) -> PictureReader:
        """One who decodes all pictures; there can be two."""
        stream = self._video_stream
        return PictureReader(
            self._feed(stream), self._decoders.pop(), stream.time_base, self.zero_s
        )

    def sound(self) -> SoundPackets | None:
        """The sound; None where there is none."""
        stream = self._container.streams.best("audio")
        if stream is None or stream.codec_context is None:
            return None
        return SoundPackets(self._feed(stream), stream, self.zero_s)

    def _feed(self, stream: Any) -> _Feed:
        if self._reads:
            raise RuntimeError("who reads a clip must be known before the first packet is taken")
        feed = _Feed(self, stream.index)
        self._feeds.append(feed)
        return feed

    def take(self, feed: _Feed) -> Any:
        """The next packet for one of those who read, None at the end."""
        with self._lock:
            self._reads = True
            while not feed.waiting and not feed.is_lost:
                if not self._read():
                    return None
            return None if feed.is_lost else feed.waiting.popleft()

    def _read(self) -> bool:
        """Read a packet and hand it to all whom it concerns."""
        try:
            packet = next(self._packets, None)
        except FFmpegError:
            self._failures += 1
            self._packets = self._container.demux()
            return self._failures < _PATIENCE
        if packet is None:
            return False
        self._failures = 0
        for feed in self._feeds:
            if packet.size and packet.stream_index == feed.stream_index:
                feed.add(packet)
        return True

    def anew(self, feed: _Feed) -> _Feed:
        """The same feed from a file opened once more."""
        other = ClipPackets(self.path, self._sought_s)
        return other._feed(other._container.streams[feed.stream_index])

    def close(self) -> None:
        """Close the file, and those that were opened for one reader alone."""
        for feed in self._feeds:
            feed.close()
        self._container.close()


class _Feed:
    """The packets of one stream for one reader."""

    def __init__(self, clip: ClipPackets, stream_index: int) -> None:
        self.clip = clip
        self.stream_index = stream_index
        self.waiting: deque[Any] = deque()
        self.is_lost = False
        self._waiting_bytes = 0
        self._taken = 0
        self._alone: _Feed | None = None

    def add(self, packet: Any) -> None:
        """Let a packet wait; when too many do, all are given up."""
        if self.is_lost:
            return
        self.waiting.append(packet)
        self._waiting_bytes += packet.size
        if self._waiting_bytes > _MOST_WAITING and len(self.waiting) > 1:
            self.is_lost = True
            self.waiting.clear()

    def take(self) -> Any:
        """The next packet, None at the end."""
        if self._alone is not None:
            return self._alone.take()
        packet = self.clip.take(self)
        if packet is None and self.is_lost:
            self._alone = self.clip.anew(self)
            for _ in range(self._taken):
                self._alone.take()
            return self._alone.take()
        if packet is not None:
            self._taken += 1
            self._waiting_bytes -= packet.size
        return packet

    def close(self) -> None:
        """Close the file that was opened for this reader alone, if one was."""
        if self._alone is not None:
            self._alone.clip.close()


class PictureReader:
    """Decodes the pictures of a clip one by one."""

    def __init__(self, feed: _Feed, decoder: Any, time_base: Any, zero_s: float) -> None:
        self._feed, self._decoder = feed, decoder
        self._time_base, self._zero_s = time_base, zero_s
        self._ready: deque[Any] = deque()
        self._ended = False
        self._frame: Any = None
        self._to_bgr = VideoReformatter()

    def grab(self) -> bool:
        """Go to the next picture; False at the end."""
        while not self._ready and not self._ended:
            packet = self._feed.take()
            self._ended = packet is None
            try:
                self._ready.extend(self._decoder.decode(packet))
            except FFmpegError:
                continue  # a damaged packet: the next ones may be whole
        self._frame = self._ready.popleft() if self._ready else None
        return self._frame is not None

    def time_s(self) -> float:
        """When the picture is shown, in seconds from the clip's first; NaN if it isn't known."""
        return _time_s(self._frame, self._time_base, self._zero_s)

    def picture(self) -> ImageU8 | None:
        """The picture, upright, shape (height, width, 3), uint8, BGR; None if damaged."""
        try:
            image = self._to_bgr.reformat(self._frame, format="bgr24").to_ndarray()
        except (FFmpegError, ValueError):
            return None
        turn = _TURNS.get(round(self._frame.rotation) % 360)
        upright = image if turn is None else cv2.rotate(image, turn)
        return upright.astype(np.uint8, copy=False)


class SoundPackets:
    """The packets of a clip's sound, in order.

    Attributes
    ----------
    stream
        PyAV's stream that they are of.
    zero_s
        Time in the stream of the clip's first picture, in seconds.
    """

    def __init__(self, feed: _Feed, stream: Any, zero_s: float) -> None:
        self._feed = feed
        self.stream = stream
        self.zero_s = zero_s

    def take(self) -> Any:
        """The next packet that has a time, None at the end."""
        while True:
            packet = self._feed.take()
            if packet is None or packet.pts is not None:
                return packet


def _decoder(stream: Any) -> Any:
    decoder = stream.codec_context
    # Each of its threads holds frames; two keep up with what is done with them.
    decoder.thread_type, decoder.thread_count = "AUTO", 2
    return decoder


def _first_frame(container: Any, stream: Any, decoder: Any) -> Any:
    try:
        for packet in container.demux(stream):
            try:
                frames = decoder.decode(packet)
            except FFmpegError:
                continue
            if frames:
                return frames[0]
    except FFmpegError:
        return None
    return None


def _time_s(frame: Any, time_base: Any, zero_s: float) -> float:
    ticks = frame.dts if frame.pts is None else frame.pts
    return math.nan if ticks is None else float(ticks * time_base) - zero_s
