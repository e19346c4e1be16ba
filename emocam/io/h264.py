"""H.264 and sound through PyAV."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from emocam.errors import OutputError
from emocam.io.clip_streams import ClipSound
from emocam.io.containers import av
from emocam.types import ImageU8

from av.error import FFmpegError  # isort: skip

_CLOCK = 90_000  # ticks a second: every usual frame rate is a whole number of them
_COPIED_CODECS = frozenset({"aac", "mp3", "opus", "flac"})  # that browsers play in an mp4
_PRESET = "ultrafast"  # half the time of superfast at nearly its size and quality (SSIM 0.995)
_QUALITY = 23  # x264's constant rate factor: 18 is hardly told from the source, 28 shows blocks
_BT601 = 6  # the matrix that OpenCV's conversion to YUV uses (SMPTE 170M in ITU-T H.273)
_LIMITED_RANGE = 1
_USUAL_RATE = 48_000
_PRIMING_S = 0.03  # the sound's first packet only prepares the decoder, and lies before zero


def _to_yuv(frame_bgr: ImageU8) -> av.VideoFrame:
    if frame_bgr.shape[0] % 4:
        # PyAV takes the height of planar buffers for a multiple of 4, and shifts the colours.
        picture = av.VideoFrame.from_ndarray(frame_bgr, format="bgr24")
        return picture.reformat(format="yuv420p", dst_colorspace="ITU601")
    frame_yuv = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
    return av.VideoFrame.from_numpy_buffer(frame_yuv, format="yuv420p")  # no copy


class H264Film:
    """An mp4 file with the frames' true times.

    Parameters
    ----------
    path
        Where it goes.
    size_wh
        Even width and height in pixels.
    fps
        Average frames a second, a hint for the encoder.
    sound
        Sound to copy; see `FilmRecorder`.

    Attributes
    ----------
    lacks
        What could not be copied, else empty.
    """

    def __init__(
        self, path: Path, size_wh: tuple[int, int], fps: float, sound: ClipSound | None
    ) -> None:
        self._first_s: float | None = None
        # After a packet that could not be written, a further one crashes FFmpeg.
        self._takes_more = True
        self._has_packets = False
        self._last_tick = -1
        self._frame_ticks = round(_CLOCK / fps)
        # The index goes to the front, so that a browser can seek before all is loaded.
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._stream = self._add_picture(size_wh, fps)
        self.lacks = ""
        self._sound: _Sound | None = None
        if sound is not None:
            try:
                self._sound = _Sound(sound, self._container)
            except (FFmpegError, ValueError) as error:  # the picture is worth having without it
                self.lacks = f"has no sound: that of the clip can't be read ({error})"

    def _add_picture(self, size_wh: tuple[int, int], fps: float) -> Any:
        rate = Fraction(fps).limit_denominator(1001)
        options = {"preset": _PRESET, "crf": str(_QUALITY)}
        try:
            stream = self._container.add_stream("libx264", rate=rate, options=options)
        except (ValueError, FFmpegError) as error:
            mend = "pip install --force-reinstall av"
            raise OutputError(f"PyAV has no H.264 encoder here: {mend}") from error
        stream.width, stream.height = size_wh
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        stream.codec_context.colorspace = _BT601
        stream.codec_context.color_range = _LIMITED_RANGE
        return stream

    @property
    def is_lost(self) -> bool:
        """Whether a frame failed before anything was in the file: no film can be made of it."""
        return not (self._takes_more or self._has_packets)

    def write(self, frame_bgr: ImageU8, time_s: float) -> None:
        """Append a frame of the right size; OutputError when one before it failed."""
        if not self._takes_more:
            raise OutputError("no frame can follow one that could not be written")
        self._takes_more = False
        if self._first_s is None:
            self._first_s = time_s
        if self._sound is not None:
            self._sound.copy_until(time_s + self._frame_ticks / _CLOCK, self._first_s)
        picture = _to_yuv(frame_bgr)
        # Two frames can be closer than a tick in a broken clip; equal times would end the film.
        tick = max(self._last_tick + 1, round((time_s - self._first_s) * _CLOCK))
        picture.pts, picture.time_base = tick, Fraction(1, _CLOCK)
        self._last_tick = tick
        self._mux(self._stream.encode(picture))
        self._takes_more = True

    def close(self) -> None:
        """Flush the encoders, and complete the file; release it when a frame failed."""
        try:
            if self._first_s is not None and self._takes_more:
                if self._sound is not None:
                    self._sound.finish()
                self._mux(self._stream.encode(None))
        finally:
            self._container.close()

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            packet.duration = self._frame_ticks  # counts for the last frame alone
            self._container.mux(packet)
            self._has_packets = True


class _Sound:
    """The sound of a clip, copied packet by packet, or encoded as AAC where mp4 can't hold it."""

    def __init__(self, source: ClipSound, film: Any) -> None:
        self._film = film
        self._source = source
        self._waiting: Any = None
        self._last_dts: int | None = None
        heard = source.stream
        self._encodes = heard.codec_context.codec.canonical_name not in _COPIED_CODECS
        if self._encodes:
            self._out, self._resampler = _aac(film, heard.codec_context)
        else:
            self._out = film.add_stream_from_template(heard)

    def copy_until(self, end_s: float, first_s: float) -> None:
        """Copy the sound between the first time and this one of the clip."""
        while True:
            packet = self._waiting or self._source.take()
            self._waiting = packet
            if packet is None:
                return
            at_s = float(packet.pts * packet.time_base) - self._source.zero_s
            if at_s >= end_s:
                return
            self._waiting = None
            if at_s >= first_s - _PRIMING_S:
                self._write(packet, self._source.zero_s + first_s)

    def _write(self, packet: Any, zero_s: float) -> None:
        if self._encodes:
            self._encode(packet, zero_s)
            return
        dts = packet.pts if packet.dts is None else packet.dts
        if not self._goes_on(dts):
            return
        shift = round(zero_s / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, dts - shift
        packet.stream = self._out
        self._film.mux(packet)

    def _encode(self, packet: Any, zero_s: float) -> None:
        try:
            heard = packet.decode()
        except FFmpegError:
            return  # a damaged packet: silence
        for sound in heard:
            sample = Fraction(1, sound.sample_rate)  # some clips' clock ticks once a packet
            if sound.pts is not None:
                sound.pts = round((float(sound.pts * sound.time_base) - zero_s) / sample)
            sound.time_base = sample
            for part in self._resampler.resample(sound):
                self._mux_encoded(part)

    def _mux_encoded(self, sound: Any) -> None:
        for packet in self._out.encode(sound):
            if self._goes_on(packet.dts):
                self._film.mux(packet)

    def _goes_on(self, dts: int) -> bool:
        """Whether time does: in a damaged clip it goes back, which no film may hold."""
        if self._last_dts is not None and dts <= self._last_dts:
            return False
        self._last_dts = dts
        return True

    def finish(self) -> None:
        """Flush the encoder."""
        if self._encodes:
            for part in self._resampler.resample(None):
                self._mux_encoded(part)
            self._mux_encoded(None)


def _aac(film: Any, heard: Any) -> tuple[Any, Any]:
    """An AAC stream, and the resampler to its format."""
    known_rates = av.codec.Codec("aac", "w").audio_rates or ()
    rate = heard.sample_rate if heard.sample_rate in known_rates else _USUAL_RATE
    layout = "mono" if heard.layout.nb_channels == 1 else "stereo"
    out = film.add_stream("aac", rate=rate, layout=layout)
    return out, av.AudioResampler(format="fltp", layout=layout, rate=rate)
