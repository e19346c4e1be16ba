"""The annotated picture and its readings in a browser on the same computer."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
import socket
import threading
from base64 import b64encode
from contextlib import suppress
from http import HTTPStatus

import cv2
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from emocam.errors import SetupError
from emocam.readings import Readings
from emocam.recognition.labels import UNSURE, color_hex
from emocam.render.page import render_page
from emocam.types import ImageU8

_ADDRESS = "127.0.0.1"
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)
_TOKEN_BYTES = 16
_LONGEST_SIDE = 1280  # larger pictures are shrunk: a tunnel carries them, a page shows no more
_JPEG_QUALITY = 85
_POLL_S = 0.25  # how often a waiting client's thread checks whether the session has ended
_END_S = 1.0  # time for pages to take the last picture and the farewell
_OPEN_S = 1.0  # browsers open spare connections and say nothing on them


class BrowserView:
    """Serves one page that shows frames and readings, on this computer only.

    The page asks for a picture whenever it has drawn the last one and gets the newest. A client
    is a thread of its own that encodes and sends, so neither slow clients nor many of them hold
    up `show`. Who doesn't know the random token in the address gets nothing, nor do pages of
    other sites: their address stands in the Origin header, and in the Host header where they have
    rebound their name to this computer.

    Parameters
    ----------
    port
        0 takes one that is free.

    Raises
    ------
    SetupError
        On entering, when the port is taken or may not be used.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._changed = threading.Condition()
        self._published: _Published | None = None
        self._count = 0
        self._clients: set[ServerConnection] = set()
        self._is_ended = False
        self._page = render_page("live/templates/live.html", title="emocam live").encode()
        self._policy = _content_policy(self._page)

    def __enter__(self) -> BrowserView:
        # Not part of the logging tree: a client that leaves early is not worth a line.
        quiet = logging.Logger("emocam.browser", logging.CRITICAL)
        try:
            self._server = serve(
                self._serve_client, _ADDRESS, self._port, process_request=self._answer,
                logger=quiet, compression=None, server_header=None, open_timeout=_OPEN_S,
                close_timeout=1.0, max_size=1024,
            )  # fmt: skip
        except OSError as error:
            raise SetupError(
                f"can't serve on port {self._port} of {_ADDRESS}: {error.strerror or error}"
            ) from error
        self._port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    @property
    def url(self) -> str:
        """The page's address, with its token."""
        return f"http://{_ADDRESS}:{self._port}/{self._token}/"

    @property
    def clients(self) -> int:
        """Number of pages that are open."""
        return len(self._clients)

    def show(self, frame_bgr: ImageU8, readings: str) -> None:
        """Offer a picture to the pages; returns at once.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8. It must not be changed afterwards.
        readings
            What `readings_json` made.
        """
        with self._changed:
            self._count += 1
            self._published = _Published(self._count, frame_bgr, readings)
            self._changed.notify_all()

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._clients, _END_S)
            stuck = list(self._clients)
        for connection in stuck:
            # Sending to a page that has stopped reading would never end by itself.
            with suppress(OSError):  # it may have ended just now
                connection.socket.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._thread.join()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse, send the page, or (None) go on to the stream of pictures."""
        host, token, rest = self._parse(request)
        if host is None:
            return connection.respond(HTTPStatus.FORBIDDEN, "This page is for localhost only.\n")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            text = "Open the whole address that emocam printed, with its last part.\n"
            return connection.respond(HTTPStatus.FORBIDDEN, text)
        if rest == "stream":
            return None
        if rest:
            return connection.respond(HTTPStatus.NOT_FOUND, "There is only one page here.\n")
        return self._page_response(host)

    def _parse(self, request: Request) -> tuple[str | None, str, str]:
        hosts = request.headers.get_all("Host")
        token, _, rest = request.path.partition("?")[0].lstrip("/").partition("/")
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            return None, token, rest
        origins = request.headers.get_all("Origin")
        if any(origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins):
            return None, token, rest
        return hosts[0], token, rest

    def _page_response(self, host: str) -> Response:
        headers = Headers(
            {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Length": str(len(self._page)),
                "Content-Security-Policy": f"{self._policy}; connect-src 'self' ws://{host}",
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Connection": "close",
            }
        )
        return Response(HTTPStatus.OK.value, HTTPStatus.OK.phrase, headers, self._page)

    def _serve_client(self, connection: ServerConnection) -> None:
        with self._changed:
            self._clients.add(connection)
        try:
            self._send_pictures(connection)
        except ConnectionClosed:
            return  # the page was closed, or the tunnel broke
        finally:
            with self._changed:
                self._clients.remove(connection)
                self._changed.notify_all()

    def _send_pictures(self, connection: ServerConnection) -> None:
        last_sent = 0
        while not self._is_ended:
            try:
                connection.recv(timeout=_POLL_S)
            except TimeoutError:
                continue
            published = self._wait_newer(last_sent)
            if published is None:
                break
            connection.send(published.readings)
            connection.send(published.jpeg())
            last_sent = published.number
        connection.close(1001)

    def _wait_newer(self, last_sent: int) -> _Published | None:
        with self._changed:
            while not self._is_ended:
                if self._published is not None and self._published.number > last_sent:
                    return self._published
                self._changed.wait(_POLL_S)
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
