from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from emocam.cli.options import Certainty, Force, Model, Send, a_number
from emocam.cli.terminal import Terminal


def live(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="Number of a camera (0 by default), /dev/video2, an http(s):// or rtsp:// "
            "address, screen (screen:2, screen:800x600+100+50), or a file with --realtime; "
            "several are shown side by side.",
        ),
    ] = None,
    model: Model = None,
    certainty: Certainty = None,
    camera_size: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="Ask the camera for this size.")
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=240,
            callback=a_number,
            metavar="NUMBER",
            help="Ask the camera for this rate.",
        ),
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Show a file as if it were live.")
    ] = False,
    no_window: Annotated[
        bool, typer.Option("--no-window", help="Print a line a second instead of a window.")
    ] = False,
    browser: Annotated[
        bool,
        typer.Option("--browser", help="Show the session in a browser on this computer instead."),
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write readings as they come: .csv, .jsonl or .sqlite."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Record what is drawn as an .mp4 film.")
    ] = None,
    send: Send = None,
    virtual_camera: Annotated[
        bool,
        typer.Option("--virtual-camera", help="Offer the picture as a camera to Zoom, Teams, OBS."),
    ] = False,
    marks: Annotated[
        str, typer.Option(metavar="NAMES", help="Names for the keys 1 to 9, separated by commas.")
    ] = "",
    marks_from: Annotated[
        str | None,
        typer.Option(metavar="udp://127.0.0.1:PORT", help="Accept marks from other programs."),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Folder for what the keys s and r save."
        ),
    ] = Path("emocam-output"),
    duration: Annotated[
        float | None,
        typer.Option(
            min=0.0, callback=a_number, metavar="SECONDS", help="End after this many seconds."
        ),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            metavar="JSON",
            help="Read your face with this profile, and save in it what the keys n and l teach.",
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Show each reading as it is, without smoothing.")
    ] = False,
    keep_all: Annotated[bool, typer.Option("--keep-all", help="Show rejected boxes too.")] = False,
    force: Force = False,
) -> None:
    """Read faces live from a camera or stream, in a window. h lists its keys, q ends it."""
    from emocam.io.address import parse_address
    from emocam.io.backends import CameraSettings
    from emocam.live.options import LiveOptions
    from emocam.live.run import run_live

    address, *others = map(parse_address, sources or ["0"])
    options = LiveOptions(
        address=address,
        others=tuple(others),
        settings=CameraSettings(_size(camera_size), fps),
        model=model,
        certainty=certainty,
        window=not no_window,
        browser=browser,
        realtime=realtime,
        log=log,
        record=record,
        profile=profile,
        send=tuple(send or ()),
        virtual_camera=virtual_camera,
        marks=marks,
        marks_from=marks_from,
        output=output,
        duration_s=duration,
        raw=raw,
        keep_all=keep_all,
        force=force,
    )
    # Standard output belongs to the messages where they go there.
    terminal = Terminal(results_to_stderr="jsonl:-" in options.send)
    summary = run_live(options, terminal)
    for line in summary.lines():
        terminal.line(line)
    if summary.is_incomplete:
        raise typer.Exit(1)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"([1-9]\d{1,4})[x×]([1-9]\d{1,4})", text)
    if match is None:
        raise typer.BadParameter(
            f"'{text}': expected something like 1280x720", param_hint="--camera-size"
        )
    return int(match[1]), int(match[2])
