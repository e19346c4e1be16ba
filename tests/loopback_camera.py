"""A network camera on 127.0.0.1 for tests and benchmarks: multipart MJPEG, with faults at will.

Each frame carries its number and the time at which it was made as black and white squares in the
bottom left corner, large enough to survive JPEG, so that whoever draws it can tell how old it is.

    python tests/loopback_camera.py --size 640x480 --fps 30 --tile 2
"""

from __future__ import annotations

import argparse
import itertools
import socket
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

SAMPLE = Path(__file__).parents[1] / "samples" / "webcam.mp4"
FAULTS = ("drop", "freeze", "repeat", "refuse", "garbage", "half")
_SQUARE, _COLUMNS, _ROWS = 8, 16, 4  # 64 bits: 32 for the number, 32 for milliseconds
_BOUNDARY = "frame"


class Stamp(NamedTuple):
    number: int
    time_ms: int


def clock_ms() -> int:
    """Milliseconds of the clock that all processes of a machine share, 32 bits of it."""
    return time.monotonic_ns() // 1_000_000 & 0xFFFFFFFF


def write_stamp(image_bgr: np.ndarray, number: int, time_ms: int) -> None:
    bits = np.unpackbits(np.array([number, time_ms], dtype=">u4").view(np.uint8))
    squares = np.kron(bits.reshape(_ROWS, _COLUMNS), np.ones((_SQUARE, _SQUARE)))
    image_bgr[-squares.shape[0] :, : squares.shape[1]] = (squares * 255)[:, :, None]


def read_stamp(image_bgr: np.ndarray) -> Stamp:
    corner = image_bgr[-_ROWS * _SQUARE :, : _COLUMNS * _SQUARE]
    centres = corner[_SQUARE // 2 :: _SQUARE, _SQUARE // 2 :: _SQUARE]
    bits = (centres.mean(axis=2) > 127).astype(np.uint8).ravel()
    number, time_ms = np.packbits(bits).view(">u4")
    return Stamp(int(number), int(time_ms))


def sample_pictures(path: Path = SAMPLE, *, most: int = 400, tile: int = 1) -> list[np.ndarray]:
    """Pictures of a clip; with `tile` 2 each shows the clip four times."""
    capture = cv2.VideoCapture(str(path))
    pictures = []
    while len(pictures) < most:
        ok, image = capture.read()
        if not ok:
            break
        pictures.append(np.tile(image, (tile, tile, 1)))
    capture.release()
    return pictures


class LoopbackCamera:
    """Serves pictures at a steady rate; a context manager.

    Parameters
    ----------
    pictures
        Shown in turn, for ever.
    size_wh
        Size of the frames; may be changed while it runs.
    fps
        Frames a second.
    """

    def __init__(
        self, pictures: list[np.ndarray], size_wh: tuple[int, int] = (640, 480), fps: float = 30.0
    ) -> None:
        self.pictures, self.size_wh, self.fps = pictures, size_wh, fps
        self.fault = ""
        self.sent = self.refused = 0
        self._ending = threading.Event()
        self._connections: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/camera.mjpg"

    def __enter__(self) -> LoopbackCamera:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.cut()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def cut(self) -> None:
        """End every connection now."""
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._connections.discard(connection)

    def set_fault(self, fault: str) -> None:
        """One of FAULTS, or "" for none."""
        self.fault = fault
        if fault in ("drop", "refuse"):
            self.cut()

    def jpeg(self, number: int) -> bytes:
        picture = self.pictures[number % len(self.pictures)]
        image = cv2.resize(picture, self.size_wh, interpolation=cv2.INTER_LINEAR)
        write_stamp(image, number, clock_ms())
        return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()

    def stream(self, connection: socket.socket, write: object) -> None:
        """Send frames until the other side leaves or a fault ends it."""
        self._connections.add(connection)
        data, due = b"", time.monotonic()
        try:
            for number in itertools.count(self.sent):
                while self.fault == "freeze" and not self._ending.is_set():
                    time.sleep(0.01)
                if self._ending.is_set() or self.fault in ("drop", "refuse"):
                    return
                if self.fault != "repeat" or not data:
                    data = self.jpeg(number)
                self._send(write, data, number)
                self.sent = number + 1
                due = max(due + 1 / self.fps, time.monotonic() - 0.1)
                self._ending.wait(max(0.0, due - time.monotonic()))
        except OSError:
            return  # the other side has left
        finally:
            self._connections.discard(connection)

    def _send(self, write: object, data: bytes, number: int) -> None:
        if self.fault == "garbage":
            data = np.random.default_rng(number).bytes(len(data))
        elif self.fault == "half":
            data = data[: len(data) // 2]
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
        write(head.encode() + data + b"\r\n")  # type: ignore[operator]


def _handler(camera: LoopbackCamera) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urllib.parse.urlsplit(self.path)
            if address.path == "/control":
                self._control(dict(urllib.parse.parse_qsl(address.query)))
            elif camera.fault == "refuse":
                camera.refused += 1
                self.send_error(503)
            else:
                self.send_response(200)
                kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                camera.stream(self.connection, self.wfile.write)

        def _control(self, wanted: dict[str, str]) -> None:
            if "size" in wanted:
                width, height = wanted["size"].split("x")
                camera.size_wh = int(width), int(height)
            camera.set_fault(wanted.get("fault", ""))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass  # nobody reads it

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, default=SAMPLE)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--tile", type=int, default=1)
    chosen = parser.parse_args()
    width, height = (int(side) for side in chosen.size.split("x"))
    cv2.setNumThreads(1)  # leave the other cores to what is measured
    pictures = sample_pictures(chosen.clip, tile=chosen.tile)
    with LoopbackCamera(pictures, (width, height), chosen.fps) as camera:
        sys.stdout.write(f"{camera.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
