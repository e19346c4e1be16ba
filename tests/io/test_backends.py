from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.errors import SourceError
from emocam.io.address import Address, parse_address
from emocam.io.backends import CameraSettings, EndOfFile, GarbledPicture, _JpegCapture, open_capture
from tests.io.test_video_reader import write_h264


class OnePicture:
    """Gives the same bytes for ever, as OpenCV gives those of a stream."""

    def __init__(self, data: bytes) -> None:
        self.data = np.frombuffer(data, np.uint8)

    def read(self) -> tuple[bool, np.ndarray]:
        return True, self.data


def jpeg(claimed: int | None = None) -> bytes:
    data = bytearray(cv2.imencode(".jpg", np.full((16, 16, 3), 99, np.uint8))[1].tobytes())
    if claimed is not None:
        size = data.index(b"\xff\xc0") + 5
        data[size : size + 4] = claimed.to_bytes(2, "big") * 2
    return bytes(data)


@pytest.mark.parametrize("data", [jpeg(60_000), b"no picture\xff\xd9", jpeg()[:-40]])
def test_a_damaged_picture_of_a_stream_is_garbled(data):
    capture = _JpegCapture(OnePicture(data), Address("stream", "http://camera"))
    with pytest.raises(GarbledPicture):
        capture.read()


def test_a_whole_picture_of_a_stream_is_read():
    capture = _JpegCapture(OnePicture(jpeg()), Address("stream", "http://camera"))
    assert capture.read().shape == (16, 16, 3)


def test_a_file_is_played_at_its_own_pace_to_its_end(tmp_path):
    clip = write_h264(tmp_path / "clip.mp4", [0.0, 0.04, 0.08])
    capture = open_capture(Address("path", str(clip)), CameraSettings())
    try:
        assert [capture.read().shape for _ in range(3)] == [(48, 64, 3)] * 3
        with pytest.raises(EndOfFile):
            capture.read()
    finally:
        capture.release()


def test_a_playlist_as_a_file_opens_no_other_file(tmp_path):
    write_h264(tmp_path / "other.mp4", [0.0, 0.04])
    (tmp_path / "clip.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(SourceError, match="is a text file"):
        open_capture(Address("path", str(tmp_path / "clip.mp4")), CameraSettings())


@contextmanager
def served(content: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("name", ["clip.ffconcat", "clip.m3u8"])
@pytest.mark.parametrize("prefix", ["", "file://", "file:"])
def test_a_stream_leads_to_no_file_of_this_computer(tmp_path: Path, name, prefix):
    clip = write_h264(tmp_path / "other.mp4", [0.0, 0.04, 0.08])
    playlist = (
        f"ffconcat version 1.0\nfile {prefix}{clip}\n"
        if name.endswith("concat")
        else f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{prefix}{clip}\n#EXT-X-ENDLIST\n"
    )
    before = dict(os.environ)
    with served(playlist.encode()) as address, pytest.raises(SourceError):
        open_capture(Address("stream", f"{address}/{name}"), CameraSettings()).read()
    assert dict(os.environ) == before


@pytest.mark.parametrize(("text", "kind"), [("0", "camera"), ("²", "path"), ("٣", "path")])
def test_only_plain_numbers_are_cameras(text, kind):
    assert parse_address(text).kind == kind
