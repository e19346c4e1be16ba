"""What --send takes, and what it says of the rest."""

from __future__ import annotations

import importlib.util

import pytest

from emocam.errors import SetupError, UsageError
from emocam.live.senders.addresses import make_sender, parse_receiver, parse_receivers
from emocam.recognition.labels import EMOTIONS


@pytest.fixture(autouse=True)
def _all_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())


@pytest.mark.parametrize(
    ("text", "kind", "host", "port"),
    [
        ("osc://127.0.0.1:9000", "osc", "127.0.0.1", 9000),
        ("osc://max.local:9000/", "osc", "max.local", 9000),
        ("udp://[::1]:9000", "udp", "::1", 9000),
        ("ws://127.0.0.1:8765", "ws", "127.0.0.1", 8765),
        ("mqtt://broker", "mqtt", "broker", 1883),
        ("lsl", "lsl", "", 0),
        ("jsonl:-", "jsonl", "", 0),
    ],
)
def test_forms(text: str, kind: str, host: str, port: int):
    found = parse_receiver(text)
    assert (found.kind, found.host, found.port) == (kind, host, port)


def test_mqtt_has_a_topic_a_user_and_a_password_that_is_not_shown():
    found = parse_receiver("mqtt://me:p%40ss@broker:1884/lab/faces")
    assert (found.topic, found.user, found.password, found.port) == (
        "lab/faces", "me", "p@ss", 1884,
    )  # fmt: skip
    assert found.text == "mqtt://me@broker:1884/lab/faces"
    assert parse_receiver("mqtt://broker").topic == "emocam"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("osc", "--send takes one of osc://HOST:PORT"),
        ("http://127.0.0.1:9", "--send takes one of osc"),
        ("osc://:9000", "--send takes one of osc"),
        ("osc://127.0.0.1", "--send osc:// needs a port"),
        ("udp://127.0.0.1:99999", "a port is a number from 0 to 65535"),
        ("udp://127.0.0.1:9/path", "takes a host and a port"),
        ("ws://0.0.0.0:8765", "serves this computer only"),
        ("mqtt://broker/faces/#", "a topic to publish on has no"),
        ("jsonl:out.jsonl", "--send takes one of"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str):
    with pytest.raises(UsageError) as error:
        parse_receiver(text)
    assert said in str(error.value)


@pytest.mark.parametrize("texts", [["lsl", "lsl"], ["ws://127.0.0.1:1", "ws://127.0.0.1:2"]])
def test_a_receiver_named_twice(texts: list[str]):
    with pytest.raises(UsageError, match="names a receiver twice"):
        parse_receivers(texts)


@pytest.mark.parametrize("text", ["osc://127.0.0.1:9", "lsl", "mqtt://broker"])
def test_a_package_that_is_missing_is_named_with_its_extra(text: str, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r'needs: pip install "emocam\[(osc|lsl|mqtt)\]"'):
        parse_receiver(text)


@pytest.mark.parametrize("text", ["udp://127.0.0.1:9", "jsonl:-", "ws://127.0.0.1:0"])
def test_each_kind_has_its_sender(text: str, clock):
    sender = make_sender(parse_receiver(text), clock, EMOTIONS, "0")
    assert sender.address == text
