from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emocam.cli.options import (
    Force,
    JsonOutput,
    Model,
    a_profile,
    is_given,
    print_left_out,
)

if TYPE_CHECKING:
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.teaching.from_photos import Lesson
    from emocam.teaching.summary import ProfileSummary


def teach(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="[CAMERA|FOLDER|CLIP|PROFILE]",
            help="A camera as for 'live', a folder of <label>/*.jpg, a clip with --marks, or a "
            "profile with --show.",
        ),
    ] = "0",
    output: Annotated[
        Path,
        typer.Option("--output", "-o", callback=a_profile, metavar="JSON", help="The profile."),
    ] = Path("me.json"),
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL,LABEL",
            help="What to show the camera, in this order; also labels of your own. All that the "
            "model knows by default, neutral first.",
        ),
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="What the clip shows when: columns start, end, label."),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add to the profile instead of starting one.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Replace the labels you teach now, keep the others.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Only show what a profile holds, and how well it works.")
    ] = False,
    no_window: Annotated[
        bool, typer.Option("--no-window", help="Print the steps instead of opening a window.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser", help="Show the steps in a browser on this computer.")
    ] = False,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Treat a video file as a camera.")
    ] = False,
    model: Model = None,
    force: Force = False,
    as_json: JsonOutput = False,
) -> None:
    """Teach it one face, with examples of its expressions and of anything else it does.

    Look into the camera and show what it asks for, a minute in all. 'live', 'video', 'label' and
    'explain' then read that face with --profile me.json.
    """
    from emocam.errors import UsageError
    from emocam.recognition.profile import Profile
    from emocam.recognition.recognizer import EmotionRecognizer
    from emocam.teaching.summary import ProfileSummary
    from emocam.teaching.teach import check_target, taught_profile

    path = Path(source)
    is_profile = path.suffix.lower() == ".json"
    if show:
        if is_given(context, "source") and not is_profile:
            raise UsageError(f"--show tells about a profile, such as {output}; got '{source}'")
        target = path if is_profile else output
        recognizer = EmotionRecognizer.load(model)
        _print(ProfileSummary.of(recognizer.model, Profile.load(target)), as_json=as_json)
        return
    if is_profile:
        raise UsageError(f"{source} is a profile: 'emocam teach {source} --show' tells about it")
    check_target(output, add=add, anew=anew, force=force)
    is_camera = not path.is_dir() and (realtime or not path.is_file())
    if is_given(context, "labels") and not is_camera:
        raise UsageError(f"--labels asks the camera for them; {source} is taken as it is")
    if is_given(context, "marks") and (is_camera or path.is_dir()):
        raise UsageError(f"--marks says what a clip shows; {source} is none")
    if not is_camera:
        recognizer = EmotionRecognizer.load(model)
        lesson = _learn_files(path, marks, recognizer)
    else:
        from emocam.cli.terminal import Terminal
        from emocam.teaching.guide import Guidance, guided_lesson

        guidance = Guidance(
            source=source,
            model=model,
            labels=None if labels is None else tuple(labels.split(",")),
            window=not no_window,
            browser=browser,
            realtime=realtime,
        )
        recognizer, lesson = guided_lesson(guidance, Terminal())
    print_left_out(lesson.left_out)
    profile = taught_profile(lesson, recognizer, output, add=add, anew=anew)
    summary = ProfileSummary.of(recognizer.model, profile)
    profile.save(output)
    _print(summary, as_json=as_json)
    if not as_json:
        print(f"  {output}")
    if lesson.left_out:
        raise typer.Exit(1)


def _learn_files(path: Path, marks: Path | None, recognizer: EmotionRecognizer) -> Lesson:
    from emocam.errors import UsageError
    from emocam.recognition.personal import teachable

    teachable(recognizer.model)
    if path.is_dir():
        from emocam.teaching.from_photos import learn_photos

        return learn_photos(path, recognizer)
    from emocam.io.media_kind import PHOTO_ENDINGS
    from emocam.teaching.from_clip import learn_clip, read_marks

    if path.suffix.lower() in PHOTO_ENDINGS and marks is None:
        raise UsageError(
            f"{path} is a photo: photos to learn from belong in folders named by what they show, "
            f"such as faces/happy/{path.name}; then: emocam teach faces"
        )
    if marks is None:
        raise UsageError(
            f"what does {path} show when? --marks marks.csv says it, with the columns start, end "
            f"and label; for a guided session with the file as a camera: --realtime"
        )
    return learn_clip(path, read_marks(marks), recognizer)


def _print(summary: ProfileSummary, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary.figures()))
        return
    for line in summary.lines():
        print(line)
