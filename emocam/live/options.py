"""What a live session is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from emocam.errors import UsageError
from emocam.io.address import Address
from emocam.io.backends import CameraSettings
from emocam.io.tables import check_table
from emocam.output import check_free
from emocam.recognition.model_file import find_model


@dataclass(frozen=True)
class LiveOptions:
    """What a live session is asked for.

    Attributes
    ----------
    address
        Where the pictures come from.
    settings
        Size and rate to ask the camera for.
    model, certainty
        As for `EmotionRecognizer.load`.
    window, browser
        Where the pictures are shown; in neither, a line a second tells what is read.
    realtime
        Whether a file is meant, shown as if it were live.
    log
        Table to write readings to as they come.
    record
        Film of what is drawn.
    profile
        Where the calibration to one person is kept.
    output
        Folder for pictures and films that keys ask for.
    duration_s
        When to end by itself.
    raw
        Whether readings are shown without smoothing.
    keep_all
        Whether to keep boxes that are turned down as no faces.
    force
        Whether existing results may be overwritten.
    """

    address: Address
    settings: CameraSettings = field(default_factory=CameraSettings)
    model: str | None = None
    certainty: float | None = None
    window: bool = True
    browser: bool = False
    realtime: bool = False
    log: Path | None = None
    record: Path | None = None
    profile: Path | None = None
    output: Path = Path("emocam-output")
    duration_s: float | None = None
    raw: bool = False
    keep_all: bool = False
    force: bool = False

    def check(self) -> None:
        """Find what is wrong before a camera is opened.

        Raises
        ------
        UsageError
            With what mends it.
        """
        find_model(self.model)
        check_source(self.address, self.settings, realtime=self.realtime)
        if self.log is not None:
            check_table(self.log)
            check_free(self.log, force=self.force)
        if self.record is not None:
            if self.record.suffix.lower() != ".mp4":
                raise UsageError(f"a film ends in .mp4; got --record {self.record}")
            check_free(self.record, force=self.force)


def check_source(address: Address, settings: CameraSettings, *, realtime: bool) -> None:
    """Find out whether an address is live, or a file that is to be shown as if it were.

    Raises
    ------
    UsageError
        When it is neither, or is asked for what only a camera can do.
    """
    text = address.text
    if address.kind == "path" and not realtime:
        wanted = f"for a file: emocam live {text} --realtime, or emocam video {text}"
        raise UsageError(f"'{text}' is no camera: give a number or an address; {wanted}")
    if address.kind != "path" and realtime:
        raise UsageError(f"--realtime is for a file; {text} is live already")
    if address.kind != "camera" and settings != CameraSettings():
        raise UsageError(f"--camera-size and --fps are for cameras; {text} comes as it is")
