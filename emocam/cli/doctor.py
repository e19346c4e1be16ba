from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from emocam.cli.options import JsonOutput, Model


def doctor(
    source: Annotated[
        str | None, typer.Argument(help="A camera or stream to try; all cameras by default.")
    ] = None,
    model: Model = None,
    as_json: JsonOutput = False,
) -> None:
    """Look whether live would work here, and say what mends each fault. Exit code 1: no."""
    from emocam.doctor import Check, examine
    from emocam.io.address import parse_address

    found: list[Check] = []
    for check in examine(None if source is None else parse_address(source), model):
        found.append(check)
        if not as_json:
            print(f"{check.status:8} {check.name}: {check.found}", flush=True)
            if check.mend:
                print(f"{'':8} mend: {check.mend}")
    works = all(check.status != "fault" for check in found)
    if as_json:
        print(json.dumps({"works": works, "checks": [asdict(check) for check in found]}))
    if not works:
        raise typer.Exit(1)
