"""A web server for this computer alone: pages and streams, for whoever knows its token."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from emocam.errors import SetupError

if TYPE_CHECKING:
    from typing_extensions import Self

Stream = Callable[[ServerConnection], None]

_ADDRESS = "127.0.0.1"
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)
_TOKEN_BYTES = 16
_END_S = 1.0  # time for clients to take what is left and the farewell
_OPEN_S = 1.0  # browsers open spare connections and say nothing on them
_MOST_CLIENTS = 32  # each has a thread, and pictures are sent to each
_MOST_BYTES = 1024  # of what a client sends


class LocalServer:
    """Serves one page and streams over WebSocket, on this computer only.

    A client is a thread of its own, so neither slow clients nor many of them hold up anybody.
    Who doesn't know the random token in the address gets nothing, nor do pages of other sites:
    their address stands in the Origin header, and in the Host header where they have rebound
    their name to this computer.

    It may be entered by several that share it, and ends with the last of them.

    Parameters
    ----------
    port
        0 takes one that is free.

    Attributes
    ----------
    changed
        Notify it when there is something new for the clients.

    Raises
    ------
    SetupError
        On entering, when the port is taken or may not be used.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._page, self._policy = b"", ""
        self._streams: dict[str, Stream] = {}
        self.changed = threading.Condition()
        self._clients: dict[ServerConnection, str] = {}
        self._users = 0
        self._is_ended = False

    def add_page(self, html: bytes, policy: str) -> None:
        """Show a page under the server's address.

        Parameters
        ----------
        html
            The page.
        policy
            Its content security policy; connections to this server are added.
        """
        self._page, self._policy = html, policy

    def add_stream(self, name: str, stream: Stream) -> None:
        """Serve a stream; `stream` runs in each client's thread until it returns."""
        self._streams[name] = stream

    def __enter__(self) -> Self:
        self._users += 1
        if self._users == 1:
            self._start()
        return self

    @property
    def url(self) -> str:
        """The page's address, with its token."""
        return f"http://{_ADDRESS}:{self._port}/{self._token}/"

    def stream_url(self, name: str) -> str:
        """A stream's address, with its token."""
        return f"ws://{_ADDRESS}:{self._port}/{self._token}/{name}"

    @property
    def is_ended(self) -> bool:
        """Whether clients' threads should come to their end."""
        return self._is_ended

    def clients(self, name: str) -> int:
        """How many listen to a stream."""
        return list(self._clients.values()).count(name)

    def __exit__(self, *_: object) -> None:
        self._users -= 1
        if self._users:
            return
        with self.changed:
            self._is_ended = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self._clients, _END_S)
            stuck = list(self._clients)
        for connection in stuck:
            # Sending to a client that has stopped reading would never end by itself.
            with suppress(OSError):  # it may have ended just now
                connection.socket.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._thread.join()

    def _start(self) -> None:
        # Not part of the logging tree: a client that leaves early is not worth a line.
        quiet = logging.Logger("emocam.server", logging.CRITICAL)
        try:
            self._server = serve(
                self._serve_client, _ADDRESS, self._port, process_request=self._answer,
                logger=quiet, compression=None, server_header=None, open_timeout=_OPEN_S,
                close_timeout=1.0, max_size=_MOST_BYTES,
            )  # fmt: skip
        except OSError as error:
            self._users = 0
            raise SetupError(
                f"can't serve on port {self._port} of {_ADDRESS}: {error.strerror or error}"
            ) from error
        self._port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse, send the page, or (None) go on to a stream."""
        host, token, rest = self._parse(request)
        if host is None:
            return connection.respond(HTTPStatus.FORBIDDEN, "This page is for localhost only.\n")
        if not hmac.compare_digest(token.encode(errors="surrogateescape"), self._token.encode()):
            text = "Open the whole address that emocam printed, with its last part.\n"
            return connection.respond(HTTPStatus.FORBIDDEN, text)
        if rest in self._streams and len(self._clients) >= _MOST_CLIENTS:
            text = f"{_MOST_CLIENTS} pages or programs listen already.\n"
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, text)
        if rest in self._streams:
            return None
        if rest or not self._page:
            return connection.respond(HTTPStatus.NOT_FOUND, "There is nothing here.\n")
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
        request = connection.request
        assert request is not None  # it was answered
        name = self._parse(request)[2]
        with self.changed:
            self._clients[connection] = name
        try:
            self._streams[name](connection)
        except ConnectionClosed:
            return  # the page was closed, or the tunnel broke
        finally:
            with self.changed:
                del self._clients[connection]
                self.changed.notify_all()
