"""Open Sound Control, for Max, Pure Data, TouchDesigner, SuperCollider and their like.

OSC 1.0 (https://opensoundcontrol.stanford.edu/spec-1_0.html): a frame is one bundle, whose time
tag is the time when the frame was taken.
"""

from __future__ import annotations

import re

from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from emocam.live.senders.datagrams import DatagramSender
from emocam.live.senders.messages import Event, Mark
from emocam.readings import FrameReadings
from emocam.types import Reading

_NOT_IN_ADDRESSES = re.compile(r"[\s#*,/?\[\]{}]|[^\x21-\x7e]")
_Argument = int | float | str


class OscSender(DatagramSender):
    """Sends each frame as an OSC bundle over UDP."""

    def encode(self, event: Event) -> bytes:
        """A bundle of `/emocam/…` messages; docs/sending.md lists them."""
        if isinstance(event, FrameReadings):
            time_s = event.time_s or 0.0
            messages = [_message("/emocam/frame", event.index, time_s, len(event))]
            for one in event:
                messages += _face(f"/emocam/face/{one.face.id}", one)
            if event.largest is not None:
                messages += _face("/emocam/largest", event.largest)
        elif isinstance(event, Mark):
            time_s = event.time_s
            messages = [_message("/emocam/mark", event.name, time_s)]
        else:
            time_s = event.start_s
            messages = [_message("/emocam/gap", event.reason, time_s, event.seconds)]
        bundle = OscBundleBuilder(self.clock.unix_s(time_s))  # type: ignore[arg-type]
        for one_message in messages:
            bundle.add_content(one_message.build())
        return bytes(bundle.build().dgram)


def _face(prefix: str, one: Reading) -> list[OscMessageBuilder]:
    return [
        _message(f"{prefix}/emotion", one.emotion),
        _message(f"{prefix}/certainty", one.certainty),
        _message(f"{prefix}/box", *one.face.xyxy),
        *(
            _message(f"{prefix}/{_NOT_IN_ADDRESSES.sub('_', label)}", share)
            for label, share in zip(one.labels, one.probabilities, strict=True)
        ),
    ]


def _message(address: str, *arguments: _Argument) -> OscMessageBuilder:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        kinds = {int: builder.ARG_TYPE_INT, float: builder.ARG_TYPE_FLOAT}
        builder.add_arg(argument, kinds.get(type(argument), builder.ARG_TYPE_STRING))
    return builder
