from __future__ import annotations

import json
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from emocam.cli.options import JsonOutput, Model
from emocam.cli.settings import FILE_NAME, Settings

if TYPE_CHECKING:
    from emocam.doctor import Check


def doctor(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="A camera or stream to try; all cameras by default."),
    ] = None,
    model: Model = None,
    as_json: JsonOutput = False,
) -> None:
    """Check whether live works here, and how to fix each fault. Exit code 1: it does not."""
    from emocam.doctor import examine
    from emocam.io.address import parse_address

    found: list[Check] = []
    checks = examine(None if source is None else parse_address(source), model)
    for check in chain([_check_settings(context.find_root().obj)], checks):
        found.append(check)
        if not as_json:
            print(f"{check.status:8} {check.name}: {check.found}", flush=True)
            if check.fix:
                print(f"{'':8} fix: {check.fix}")
    works = all(check.status != "fault" for check in found)
    if as_json:
        print(json.dumps({"works": works, "checks": [asdict(check) for check in found]}))
    if not works:
        raise typer.Exit(1)


def _check_settings(settings: Settings) -> Check:
    """What is set by an `emocam.toml`."""
    from emocam.doctor import Check

    if settings.path is None:
        return Check("settings", "ok", f"no {FILE_NAME} here or in a folder above")
    if settings.fault:
        return Check("settings", "fault", settings.fault, f"fix or remove {settings.path}")
    tables = [
        f"{command} ({', '.join(f'{name} = {value}' for name, value in values.items())})"
        for command, values in settings.defaults.items()
    ]
    return Check("settings", "ok", f"{settings.path}: {'; '.join(tables) or 'empty'}")
