"""What a live session is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from emocam.errors import UsageError
from emocam.io.address import Address
from emocam.io.backends import CameraSettings
from emocam.io.screen import parse_screen
from emocam.io.tables import check_table
from emocam.live.marks import mark_names, parse_marks_address
from emocam.live.senders.addresses import parse_receivers
from emocam.live.virtual_camera import check_virtual_camera
from emocam.output import check_ending, check_free
from emocam.recognition.model_file import find_model


@dataclass(frozen=True)
class LiveOptions:
    """What a live session is asked for."""

    address: Address  # where the pictures come from
    others: tuple[Address, ...] = ()  # further sources beside it
    # Size and rate to ask the camera for
    settings: CameraSettings = field(default_factory=CameraSettings)
    # As for `EmotionRecognizer.load`
    model: str | None = None
    certainty: float | None = None
    # Where the pictures are shown; in neither, a line a second tells what is read
    window: bool = True
    browser: bool = False
    realtime: bool = False  # whether a file is meant, shown as if it were live
    log: Path | None = None  # table to write readings to as they come
    record: Path | None = None  # film of what is drawn
    profile: Path | None = None  # where the calibration to one person is kept
    virtual_camera: bool = False  # whether what is drawn is offered as a camera
    send: tuple[str, ...] = ()  # other programs that get the readings
    marks: str = ""  # names of the keys 1 to 9
    marks_from: str | None = None  # where other programs send marks to
    output: Path = Path("emocam-output")  # folder for pictures and films that keys ask for
    duration_s: float | None = None  # when to end by itself
    raw: bool = False  # whether readings are shown without smoothing
    keep_all: bool = False  # whether to keep boxes that are turned down as no faces
    force: bool = False  # whether existing results may be overwritten

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All sources."""
        return (self.address, *self.others)

    @property
    def is_profile_new(self) -> bool:
        """Whether the profile is to be begun by keys, as there is no file of its name."""
        return self.profile is not None and not self.profile.exists()

    def check(self) -> None:
        """Find what is wrong before a camera is opened.

        Raises
        ------
        UsageError
            With what mends it.
        """
        if self.duration_s == 0:
            raise UsageError("--duration is longer than nothing, got 0")
        find_model(self.model)
        for address in self.addresses:
            check_source(address, self.settings, realtime=self.realtime)
        texts = [address.text for address in self.addresses]
        if len(set(texts)) < len(texts):
            raise UsageError(f"a source is named twice: {' '.join(texts)}")
        parse_receivers(self.send)
        if self.virtual_camera:
            check_virtual_camera()
        mark_names(self.marks)
        if self.marks_from is not None:
            parse_marks_address(self.marks_from)
        if self.is_profile_new and (self.browser or not self.window):  # no keys to begin it
            raise UsageError(
                f"there is no profile {self.profile}: 'emocam teach -o {self.profile}' makes it"
            )
        if self.log is not None:
            check_table(self.log)
            check_free(self.log, force=self.force)
        if self.record is not None:
            check_ending(self.record, ".mp4", what="a film")
            check_free(self.record, force=self.force)


def check_source(
    address: Address, settings: CameraSettings, *, realtime: bool, command: str = "live"
) -> None:
    """Find out whether an address is live, or a file that is to be shown as if it were.

    Raises
    ------
    UsageError
        When it is neither, or is asked for what only a camera can do.
    """
    text = address.text
    if address.kind == "path" and not realtime:
        wanted = f"for a file: emocam {command} {text} --realtime"
        wanted += f", or emocam video {text}" if command == "live" else ""
        raise UsageError(f"'{text}' is no camera: give a number or an address; {wanted}")
    if address.kind != "path" and realtime:
        raise UsageError(f"--realtime is for a file; {text} is live already")
    if address.kind == "screen":
        parse_screen(text)
        if settings.size_wh is not None:
            raise UsageError(f"--camera-size is for cameras; a region is {text}:800x600+100+50")
    elif address.kind != "camera" and settings != CameraSettings():
        raise UsageError(f"--camera-size and --fps are for cameras; {text} comes as it is")
