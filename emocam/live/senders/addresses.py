"""One grammar for where readings are sent: what `--send` takes."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from emocam.errors import SetupError, UsageError

if TYPE_CHECKING:
    from emocam.live.local_server import LocalServer
    from emocam.live.senders.messages import SessionClock
    from emocam.live.senders.sender import Sender

FORMS = "osc://HOST:PORT, lsl, udp://HOST:PORT, jsonl:-, ws://127.0.0.1:PORT, mqtt://HOST[/TOPIC]"
_PACKAGES = {"osc": ("pythonosc", "osc"), "lsl": ("pylsl", "lsl"), "mqtt": ("paho", "mqtt")}
_PORTS = {"mqtt": 1883}
_HERE = ("127.0.0.1", "localhost")
_TOPIC = "emocam"


@dataclass(frozen=True)
class Receiver:
    """Where readings are sent."""

    kind: str  # `osc`, `lsl`, `udp`, `jsonl`, `ws` or `mqtt`
    text: str  # as the user gave it, without a password
    # Where that kind has them
    host: str = ""
    port: int = 0
    # Of MQTT
    topic: str = _TOPIC
    user: str = ""
    password: str = ""


def parse_receivers(texts: Sequence[str]) -> list[Receiver]:
    """All that a session sends to.

    Raises
    ------
    UsageError, SetupError
        As `parse_receiver`; also for a receiver that is named twice, and for a second `ws`.
    """
    receivers = [parse_receiver(text) for text in texts]
    kinds = [one.kind for one in receivers]
    if len(set(texts)) < len(texts) or kinds.count("ws") > 1:
        raise UsageError(
            f"--send names a receiver twice: {', '.join(one.text for one in receivers)}"
        )
    return receivers


def parse_receiver(text: str) -> Receiver:
    """What a `--send` asks for.

    Raises
    ------
    UsageError
        When it is none of the known forms.
    SetupError
        When the package that it needs is not installed.
    """
    if text in ("lsl", "jsonl:-"):
        receiver = Receiver(text.partition(":")[0], text)
    else:
        receiver = _parse_url(text)
    package, extra = _PACKAGES.get(receiver.kind, (None, ""))
    if package is not None and importlib.util.find_spec(package) is None:
        raise SetupError(f'--send {receiver.text} needs: pip install "emocam[{extra}]"')
    return receiver


def make_sender(
    receiver: Receiver,
    clock: SessionClock,
    labels: Sequence[str],
    source: str,
    server: LocalServer | None = None,
) -> Sender:
    """What sends readings to a receiver; it connects when it is entered.

    Parameters
    ----------
    receiver
        What was asked for.
    clock
        The session's.
    labels
        The model's labels.
    source
        Address of the session's source.
    server
        For `ws`, the page's server, where there is one; otherwise one is made.
    """
    place = receiver.host, receiver.port
    if receiver.kind == "udp":
        from emocam.live.senders.datagrams import DatagramSender

        return DatagramSender(receiver.text, clock, *place)
    if receiver.kind == "osc":
        from emocam.live.senders.osc import OscSender

        return OscSender(receiver.text, clock, *place)
    if receiver.kind == "lsl":
        from emocam.live.senders.lsl import LslSender

        return LslSender(receiver.text, clock, labels, source)
    if receiver.kind == "mqtt":
        from emocam.live.senders.mqtt import MqttSender

        who = receiver.user, receiver.password
        return MqttSender(receiver.text, clock, *place, receiver.topic, *who)
    if receiver.kind == "ws":
        from emocam.live.local_server import LocalServer
        from emocam.live.senders.websocket import WebSocketSender

        return WebSocketSender(receiver.text, clock, server or LocalServer(receiver.port))
    from emocam.live.senders.lines import LineSender

    return LineSender(receiver.text, clock)


def _parse_url(text: str) -> Receiver:
    parts = urlsplit(text, allow_fragments=False)
    kind = parts.scheme
    if kind not in ("osc", "udp", "ws", "mqtt") or not parts.hostname or parts.query:
        raise UsageError(f"--send takes one of {FORMS}; got '{text}'")
    if kind == "ws" and parts.hostname not in _HERE:
        raise UsageError(
            f"--send ws:// serves this computer only: ws://127.0.0.1:PORT; got '{text}'"
        )
    if kind != "mqtt" and (parts.path not in ("", "/") or parts.username):
        raise UsageError(f"--send {kind}:// takes a host and a port; got '{text}'")
    port = _port(parts, text)
    if port is None:
        raise UsageError(f"--send {kind}:// needs a port, such as {kind}://127.0.0.1:9000")
    topic = unquote(parts.path).strip("/") or _TOPIC
    if any(sign in topic for sign in "+#\0"):
        raise UsageError(f"a topic to publish on has no + and no #; got '{topic}'")
    shown = text.replace(f":{parts.password}@", "@") if parts.password else text
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Receiver(kind, shown, parts.hostname, port, topic, user, password)


def _port(parts: SplitResult, text: str) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise UsageError(f"a port is a number from 0 to 65535; got '{text}'") from error
    return _PORTS.get(parts.scheme) if port is None else port
