"""MQTT, with a real broker (mosquitto) and a client that listens."""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emocam.live.senders.messages import message
from tests.live.senders.conftest import EVENTS, frame, until

pytest.importorskip("paho.mqtt")

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from emocam.live.senders.mqtt import MqttSender
from tests.waiting import WAIT_S

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="needs mosquitto")


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def broker(port: int) -> Iterator[None]:
    assert MOSQUITTO is not None
    with subprocess.Popen(
        [MOSQUITTO, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: answers(port))
            yield
        finally:
            process.terminate()


@contextmanager
def listener(port: int, topic: str) -> Iterator[queue.Queue[tuple[str, bytes]]]:
    got: queue.Queue[tuple[str, bytes]] = queue.Queue()
    ready = queue.Queue[bool]()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda *given: got.put((given[2].topic, given[2].payload))
    client.on_subscribe = lambda *given: ready.put(True)
    client.connect("127.0.0.1", port)
    client.subscribe(topic)
    client.loop_start()
    ready.get(timeout=WAIT_S)
    yield got
    client.disconnect()
    client.loop_stop()


@needs_broker
def test_messages_come_below_the_topic(clock):
    port = free_port()
    with (
        broker(port),
        listener(port, "lab/faces/#") as got,
        MqttSender("mqtt", clock, "127.0.0.1", port, "lab/faces") as sender,
    ):
        for event in EVENTS:
            sender.put(event)
        heard = [got.get(timeout=WAIT_S) for _ in EVENTS]
        until(lambda: sender.sent == len(EVENTS))
    kinds = ["frame", "frame", "mark", "gap"]
    assert [topic for topic, _ in heard] == [f"lab/faces/{kind}" for kind in kinds]
    assert [json.loads(text) for _, text in heard] == [message(one, clock) for one in EVENTS]


@needs_broker
def test_a_broker_that_goes_and_comes_back(clock):
    port = free_port()
    with MqttSender("mqtt", clock, "127.0.0.1", port, "emocam") as sender:
        with broker(port):
            until(sender._client.is_connected)
            sender.put(frame(0))
            until(lambda: sender.sent == 1)
        until(lambda: not sender._client.is_connected())
        for number in range(1, 4):
            sender.put(frame(number))
        until(lambda: sender.unsent == 3)
        assert "gets nothing" in sender.take_news()[0]
        with broker(port), listener(port, "emocam/frame") as got:
            until(sender._client.is_connected)
            sender.put(frame(9))
            assert json.loads(got.get(timeout=WAIT_S)[1])["frame"] == 9
            until(lambda: "3 were not sent" in "".join(sender.take_news()))


def test_without_a_broker_it_is_counted(clock):
    with MqttSender("mqtt", clock, "127.0.0.1", free_port(), "emocam") as sender:
        sender.put(frame(0))
        until(lambda: sender.unsent == 1)
    assert "no broker answers there" in sender.take_news()[0]
    assert sender.sent == 0
