"""`emocam clip.mp4`: a source in place of a command chooses the command itself."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from itertools import takewhile
from pathlib import Path

from emocam.errors import UsageError

_RESULTS = Path("emocam-output")  # where `emocam video` puts its results by default


def choose_command(arguments: list[str], commands: Collection[str]) -> list[str]:
    """The arguments with the command that their sources call for in front.

    Parameters
    ----------
    arguments
        A command line without the program's name.
    commands
        Names of the commands; a source of such a name needs `./` before it.

    Returns
    -------
    The same arguments where the first is a command, an option, or nothing that can be read.

    Raises
    ------
    UsageError
        When the sources need several commands, or a folder holds nothing that can be read.
    """
    if not arguments or arguments[0].startswith("-") or arguments[0] in commands:
        return arguments
    sources = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
    calls_for = {source: _commands_for(source) for source in sources}
    if not calls_for[arguments[0]]:
        return arguments  # perhaps a misspelt command
    chosen = {command: source for source in sources for command in calls_for[source]}
    if len(chosen) > 1:
        ways = ", ".join(f"emocam {command} {source}" for command, source in chosen.items())
        raise UsageError(f"these need a command each: {ways}")
    command = next(iter(chosen))
    return [command, *arguments, *(_named_results(arguments) if command == "label" else ())]


def _commands_for(source: str) -> set[str]:
    """Commands that read a source: none when it is of no known kind."""
    from emocam.io.address import parse_address

    if parse_address(source).kind != "path":
        return {"live"}
    path = Path(source)
    if path.is_dir():
        found = _commands_of_files(path.rglob("*"))
        if not found:
            raise UsageError(f"there is neither a photo nor a clip in {source}")
        return found
    return (
        {"video"} if path.suffix.lower() == ".gif" and _moves(path) else _commands_of_files([path])
    )


def _moves(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as header:
            return bool(getattr(header, "is_animated", False))
    except Exception:  # noqa: BLE001 - a damaged file raises anything, and the command says what
        return False


def _commands_of_files(files: Iterable[Path]) -> set[str]:
    from emocam.io.media_kind import PHOTO_ENDINGS, VIDEO_ENDINGS

    found: set[str] = set()
    for file in files:
        ending = file.suffix.lower()
        if ending in VIDEO_ENDINGS:
            found.add("video")
        elif ending in PHOTO_ENDINGS:
            found.add("label")
        elif ending == ".zip":
            found.add("dataset")
        if len(found) > 1:
            break
    return found


def _named_results(arguments: list[str]) -> list[str]:
    """Options that name a table and copies with boxes after the photos, so that none clash."""
    if any(argument.split("=")[0] in ("-o", "--output") for argument in arguments):
        return []
    name = Path(os.path.realpath(arguments[0])).stem if "*" not in arguments[0] else "labels"
    return ["--output", str(_RESULTS / f"{name}.csv"), "--annotated", str(_RESULTS / name)]
