"""MQTT, for home automation, dashboards and installations: JSON to a broker's topics."""

from __future__ import annotations

import threading
import time
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from emocam.live.senders.messages import Event, SessionClock, json_line, kind_of
from emocam.live.senders.sender import NotSent, Sender

_FIRST_CONNECTION_S = 2.0  # what comes before is kept for so long
_CONNECT_S = 2.0
_POLL_S = 0.1
_LONGEST_PAUSE_S = 10  # between two tries to connect


class MqttSender(Sender):
    """Publishes each message below a topic, once and without confirmation (QoS 0).

    Parameters
    ----------
    address, clock
        As for `Sender`.
    host, port
        Of the broker.
    topic
        Frames go to `<topic>/frame`, marks to `<topic>/mark`, gaps to `<topic>/gap`.
    user, password
        Empty for none.
    """

    def __init__(
        self,
        address: str,
        clock: SessionClock,
        host: str,
        port: int,
        topic: str,
        user: str = "",
        password: str = "",
    ) -> None:
        super().__init__(address, clock)
        self._place, self._topic = (host, port), topic
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.connect_timeout = _CONNECT_S
        self._client.reconnect_delay_set(1, _LONGEST_PAUSE_S)
        self._client.on_connect = self._connected
        if user:
            self._client.username_pw_set(user, password or None)
        self._answered = threading.Event()
        self._refused = ""
        self._patient_until_s = 0.0

    def connect(self) -> None:
        self._patient_until_s = time.monotonic() + _FIRST_CONNECTION_S
        self._client.connect_async(*self._place)
        self._client.loop_start()

    def send(self, event: Event) -> None:
        self._wait_for_connection()
        told = self._client.publish(f"{self._topic}/{kind_of(event)}", json_line(event, self.clock))
        if told.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise NotSent("the broker is gone")
        # Until it is written out: paho's own queue has no bounds.
        while not told.is_published():
            if self.is_ending or not self._client.is_connected():
                raise NotSent("the broker is gone")
            told.wait_for_publish(_POLL_S)

    def disconnect(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _wait_for_connection(self) -> None:
        while not self._client.is_connected():
            left_s = self._patient_until_s - time.monotonic()
            if left_s <= 0 or self._refused or self.is_ending:
                raise NotSent(self._refused or "no broker answers there")
            self._answered.wait(min(left_s, _POLL_S))

    def _connected(self, _client: Client, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        self._refused = f"the broker refuses: {code}" if code.is_failure else ""
        self._answered.set()
