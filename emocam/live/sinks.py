"""Where the results of a live session go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from emocam.io.table_formats import Table
from emocam.live.senders.sender import Sender
from emocam.types import ImageU8


class Screen(AbstractContextManager[Any], Protocol):
    """Shows pictures in a window and tells which key was pressed, by name."""

    on_lost: Callable[[], None]  # called when its display goes, before the process ends

    def show(self, frame_bgr: ImageU8) -> str: ...

    def fullscreen(self, on: bool) -> None: ...


class Viewer(AbstractContextManager[Any], Protocol):
    """Shows pictures and readings to clients, without waiting for them."""

    @property
    def url(self) -> str: ...

    @property
    def clients(self) -> int: ...

    def show(self, frame_bgr: ImageU8, readings: str) -> None: ...


class PictureSink(AbstractContextManager[Any], Protocol):
    """Takes what is drawn, without waiting."""

    def show(self, drawn_bgr: ImageU8) -> None: ...

    def take_news(self) -> list[str]: ...


@dataclass(frozen=True)
class LiveSinks:
    """The sinks of a session, which opens and closes them; None for those it does not have."""

    window: Screen | None = None
    browser: Viewer | None = None
    table: Table | None = None  # one that grows in view
    virtual_camera: PictureSink | None = None
    senders: Sequence[Sender] = ()  # to other programs
