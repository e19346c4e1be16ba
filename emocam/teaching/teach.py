"""A profile from what a user has: made, added to, taught anew in part."""

from __future__ import annotations

from pathlib import Path

from emocam.errors import UsageError
from emocam.output import check_free
from emocam.recognition.framing import Framing
from emocam.recognition.personal import PersonalModel
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.teaching.from_photos import Lesson


def check_target(path: Path, *, add: bool, anew: bool, force: bool) -> None:
    """Find what is wrong with the place of a profile before anything is taught.

    Raises
    ------
    UsageError
        When it is in the way, or there is none to add to.
    """
    if add and anew:
        raise UsageError("--add keeps what was taught and --anew replaces it: give one of them")
    if not (add or anew):
        if path.exists() and not force:
            raise UsageError(
                f"{path} exists: --add adds to it, --anew teaches some labels anew, "
                "--force starts over"
            )
        check_free(path, force=force)
    elif not path.exists():
        raise UsageError(f"there is no profile {path} yet: leave out --add and --anew")


def taught_profile(
    lesson: Lesson,
    recognizer: EmotionRecognizer,
    path: Path,
    *,
    add: bool = False,
    anew: bool = False,
) -> Profile:
    """The profile with these examples; not saved yet.

    Parameters
    ----------
    lesson
        New examples.
    recognizer
        Whose model they were read with.
    path
        Where the profile is, when it is added to.
    add
        Whether to keep what was taught before.
    anew
        The same but for the labels of the new examples.

    Raises
    ------
    UsageError
        When there are no examples.
    InputError
        When the profile is of another model.
    """
    if not lesson.examples:
        raise UsageError("nothing was learnt: there is no face to learn from")
    if not (add or anew):
        return Profile.learn(recognizer, lesson.examples, Framing.joined(lesson.framings))
    before = Profile.load(path)
    PersonalModel.fit(recognizer.model, before)  # turns one of another model down
    gone = {one.label for one in lesson.examples} if anew else ()
    return before.with_examples(lesson.examples, anew=gone, framings=lesson.framings)
