"""The annotated picture and its readings in a browser on the same computer."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from base64 import b64encode
from collections import deque

import cv2
from websockets.sync.server import ServerConnection

from emocam.live.local_server import LocalServer
from emocam.readings import Readings
from emocam.recognition.labels import UNSURE, color_hex
from emocam.render.page import render_page
from emocam.types import ImageU8

_STREAM = "stream"
_KEY = "key "
_MOST_KEYS = 20
_LONGEST_SIDE = 1280  # larger pictures are shrunk: a tunnel carries them, a page shows no more
_JPEG_QUALITY = 85
_POLL_S = 0.25  # how often a waiting client's thread checks whether the session has ended


class BrowserView:
    """One page that shows frames and readings, on this computer only.

    The page asks for a picture whenever it has drawn the last one and gets the newest. A client's
    thread encodes and sends, so neither slow clients nor many of them hold up `show`.

    Parameters
    ----------
    server
        What serves the page; one of its own when None. It is started on entering.
    title
        Of the page.
    """

    def __init__(self, server: LocalServer | None = None, title: str = "emocam live") -> None:
        self._server = LocalServer() if server is None else server
        self._published: _Published | None = None
        self._count = 0
        self._keys: deque[str] = deque(maxlen=_MOST_KEYS)
        html = render_page("live/templates/live.html", title=title).encode()
        self._server.add_page(html, _content_policy(html))
        self._server.add_stream(_STREAM, self._send_pictures)

    def __enter__(self) -> BrowserView:
        self._server.__enter__()
        return self

    @property
    def url(self) -> str:
        """The page's address, with its token."""
        return self._server.url

    @property
    def clients(self) -> int:
        """Number of pages that are open."""
        return self._server.clients(_STREAM)

    def show(self, frame_bgr: ImageU8, readings: str) -> None:
        """Offer a picture to the pages; returns at once.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8. It must not be changed afterwards.
        readings
            What `readings_json` made.
        """
        with self._server.changed:
            self._count += 1
            self._published = _Published(self._count, frame_bgr, readings)
            self._server.changed.notify_all()

    def take_keys(self) -> list[str]:
        """Buttons pressed on the pages since the last call, where `keys` in the state has any."""
        taken = []
        while self._keys:
            taken.append(self._keys.popleft())
        return taken

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def _send_pictures(self, connection: ServerConnection) -> None:
        last_sent = 0
        while not self._server.is_ended:
            try:
                message = connection.recv(timeout=_POLL_S)
            except TimeoutError:
                continue
            if isinstance(message, str) and message.startswith(_KEY):
                self._keys.append(message.removeprefix(_KEY))
                continue
            published = self._wait_newer(last_sent)
            if published is None:
                break
            connection.send(published.readings)
            connection.send(published.jpeg())
            last_sent = published.number
        connection.close(1001)

    def _wait_newer(self, last_sent: int) -> _Published | None:
        changed = self._server.changed
        with changed:
            while not self._server.is_ended:
                if self._published is not None and self._published.number > last_sent:
                    return self._published
                changed.wait(_POLL_S)
        return None


class _Published:
    """A picture that is encoded once, by the first client's thread that wants it."""

    def __init__(self, number: int, frame_bgr: ImageU8, readings: str) -> None:
        self.number = number
        self.readings = readings
        self._frame_bgr = frame_bgr
        self._jpeg: bytes | None = None
        self._lock = threading.Lock()

    def jpeg(self) -> bytes:
        with self._lock:
            if self._jpeg is None:
                self._jpeg = _encode(self._frame_bgr)
            return self._jpeg


def readings_json(readings: Readings, notice: str = "") -> str:
    """What the page shows beside the picture.

    Parameters
    ----------
    readings
        Of the faces in the picture.
    notice
        Something the user must know, such as a lost camera.
    """
    faces = [
        {
            "id": reading.face.id,
            "emotion": reading.emotion,
            "unsure": reading.emotion == UNSURE,
            "certainty": round(reading.certainty, 4),
            "bars": [
                {
                    "label": label,
                    "probability": round(probability, 4),
                    "color": color_hex(label, reading.labels),
                }
                for label, probability in zip(reading.labels, reading.probabilities, strict=True)
            ],
        }
        for reading in readings
    ]
    return json.dumps({"faces": faces, "notice": notice})


def _encode(frame_bgr: ImageU8) -> bytes:
    height, width = frame_bgr.shape[:2]
    scale = _LONGEST_SIDE / max(height, width)
    picture = frame_bgr
    if scale < 1:
        size_wh = max(1, round(width * scale)), max(1, round(height * scale))
        picture = cv2.resize(frame_bgr, size_wh, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return coded.tobytes()


def _content_policy(html: bytes) -> str:
    """Nothing runs or is fetched but the page's own style, script and pictures."""

    def allowed(tag: bytes) -> str:
        parts = re.findall(b"<%b>(.*?)</%b>" % (tag, tag), html, re.DOTALL)
        digests = [b64encode(hashlib.sha256(part).digest()).decode() for part in parts]
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    return (
        f"default-src 'none'; style-src {allowed(b'style')}; script-src {allowed(b'script')}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
