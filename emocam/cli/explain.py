from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from emocam.cli.options import Force, JsonOutput, Model, ProfileFile, a_figure


def explain(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo with a face.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=a_figure,
            metavar="PNG",
            help="The figure to write; <photo>-explained.png by default.",
        ),
    ] = None,
    face: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help="Only this face, with its visual words; from 0 on the left, at most 5.",
        ),
    ] = None,
    model: Model = None,
    profile: ProfileFile = None,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Show where the reading of each face in a photo comes from."""
    from emocam.analysis.explain_photo import explain_photo
    from emocam.analysis.figures.base import save_png
    from emocam.analysis.figures.explanation import plot_explanations
    from emocam.errors import UsageError
    from emocam.io.media_kind import other_command
    from emocam.output import check_free
    from emocam.recognition.recognizer import EmotionRecognizer

    target = output or Path(f"{photo.stem}-explained.png")
    check_free(target, force=force)
    if not photo.exists():
        raise UsageError(f"there is no photo {photo}")
    if hint := other_command(str(photo), "explain"):
        raise UsageError(hint)
    explanations = explain_photo(photo, EmotionRecognizer.load(model, profile=profile))
    if face is not None and face >= len(explanations):
        there = "face 0" if len(explanations) == 1 else f"faces 0 to {len(explanations) - 1}"
        raise UsageError(f"--face {face}: of this photo there is {there} to explain")
    if face is not None:
        explanations = [explanations[face]]
    save_png(plot_explanations(explanations), target)
    if as_json:
        print(json.dumps([explanation.figures() for explanation in explanations]))
        return
    for explanation in explanations:
        print(f"face {explanation.face}:")
        for sentence in explanation.sentences():
            print(f"  {sentence}")
    print(target)
