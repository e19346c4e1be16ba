"""The commands by name: `emocam --help` lists them without importing any."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

# Each command's line in the list, and the example that ends its own help. Its function has its name
# and stands in a module of that name.
_COMMANDS = {
    "live": (
        "Read faces live from a camera, a stream or the screen.",
        "emocam live 1 --log readings.csv",
    ),
    "video": (
        "Annotate recorded videos: a film, a table and a report.",
        "emocam video talks/ --output annotated --blur",
    ),
    "label": (
        "Label the faces in photos: a table with one row per face.",
        "emocam label holiday/ -o labels.sqlite --gallery faces.html",
    ),
    "study": (
        "Evaluate a study: clips and photos, on one page.",
        "emocam study sessions/ --baseline rest --output results",
    ),
    "teach": (
        "Teach it one face with examples of its expressions.",
        "emocam teach -o me.json",
    ),
    "train": (
        "Train a model on labelled faces.",
        "emocam train fer2013.zip --output my-faces.safetensors",
    ),
    "evaluate": (
        "Measure a model on labelled faces.",
        "emocam evaluate fer2013.zip --report evaluation.html",
    ),
    "dataset": (
        "Show what a data set holds: counts, balance, duplicates.",
        "emocam dataset fer2013.zip --balance-to balanced",
    ),
    "compare": (
        "Compare K-Means with other methods on the same faces.",
        "emocam compare fer2013.zip --only happy,sad",
    ),
    "explain": (
        "Show which parts of a face its reading rests on.",
        "emocam explain photo.jpg",
    ),
    "doctor": (
        "Check whether live works here, and how to fix it.",
        "emocam doctor http://192.168.1.20:8080/video.mjpg",
    ),
}


def markup() -> Literal["rich"] | None:
    """How help is laid out: with colours in a terminal, plainly where another program reads it."""
    return "rich" if sys.stdout.isatty() else None


class CommandGroup(TyperGroup):
    """The commands as lines of a list; the one that is called is loaded then."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (line, _) in _COMMANDS.items():
            self.add_command(TyperCommand(name, help=line))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name else command, rest


@lru_cache
def load_command(name: str) -> Any:
    """The command of a name as Click has it, with its options."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=markup())
    function = getattr(import_module(f"emocam.cli.{name}"), name)
    alone.command(name, epilog=f"Example: {_COMMANDS[name][1]}")(function)
    return typer.main.get_command(alone)


def load_commands() -> dict[str, Any]:
    """All commands by name."""
    return {name: load_command(name) for name in _COMMANDS}
