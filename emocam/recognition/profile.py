"""What is known of one person's face: examples of expressions, as points of the learnt space."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emocam.errors import InputError
from emocam.recognition.framing import Framing
from emocam.recognition.labels import UNSURE
from emocam.types import AnyArray, FloatArray, check_bgr

if TYPE_CHECKING:
    from emocam.recognition.recognizer import EmotionRecognizer

MOST_EXAMPLES = 24
"""Of a label: more are of no use, and a profile stays small."""
MOST_LABELS = 40
LONGEST_LABEL = 40


@dataclass(frozen=True, eq=False)
class Example:
    """One picture of an expression, or some moments of a clip as one."""

    label: str  # what it shows, as its owner says
    point: FloatArray = field(repr=False)  # shape (dims,), float32: its place in the learnt space
    name: str = ""  # where it is from, such as the name of a file

    def __post_init__(self) -> None:
        check_label(self.label)
        if self.point.ndim != 1 or not np.isfinite(self.point).all():
            raise ValueError(f"a point is one row of finite numbers, got {self.point.shape}")


@dataclass(frozen=True, eq=False)
class Profile:
    """A person's examples; `EmotionRecognizer.load(profile=...)` reads with it.

    It holds points, no pictures.

    Attributes
    ----------
    examples
        At least one, grouped by label.
    labels
        The model's labels, in order.
    space
        Digest of the learnt space that the points lie in; other models have other ones.
    made
        Date of the last change, such as `2026-01-31`.
    framing
        Where a shifted box moves the face; None where it is not known.
    """

    examples: tuple[Example, ...]
    labels: tuple[str, ...]
    space: str
    made: str = ""
    framing: Framing | None = None

    def __post_init__(self) -> None:
        if not self.examples:
            raise InputError("a profile needs at least one example: a neutral face is enough")
        if len({one.point.shape for one in self.examples}) > 1:
            raise ValueError("the points of a profile have one length")
        if len(self.taught) > MOST_LABELS:
            raise InputError(f"a profile has {MOST_LABELS} labels at most, got {len(self.taught)}")
        if self.own_labels and len(self.taught) < 2:
            raise InputError(
                f"'{self.own_labels[0]}' alone can't be told from anything: teach neutral as well"
            )

    @classmethod
    def learn(
        cls,
        recognizer: EmotionRecognizer,
        examples: Mapping[str, Sequence[AnyArray]] | Iterable[Example],
        framing: Framing | None = None,
    ) -> Profile:
        """The profile of a person.

        Parameters
        ----------
        recognizer
            Whose model is to be used with it later.
        examples
            Pictures of each label, each of shape (height, width, 3), uint8, blue first, whose
            largest face is the person's; or examples that are points already.
        framing
            For examples that are points: where a shifted box moves the face.

        Returns
        -------
        Profile
            Dated today.

        Raises
        ------
        InputError
            When a picture has no face, there are no examples, or the model has no learnt space.
        ValueError
            When a picture has another shape or type.
        """
        from emocam.recognition.personal import teachable

        model = teachable(recognizer.model)
        if isinstance(examples, Mapping):
            examples, framing = _examples_of(recognizer, examples)
        today = datetime.date.today().isoformat()
        return cls(_grouped(examples), model.labels, model.space, today, framing)

    @property
    def taught(self) -> tuple[str, ...]:
        """Labels with examples: the model's in its order, then own ones as they came."""
        given = dict.fromkeys(one.label for one in self.examples)
        known = tuple(label for label in self.labels if label in given)
        return known + tuple(label for label in given if label not in self.labels)

    @property
    def own_labels(self) -> tuple[str, ...]:
        """Taught labels that the model does not have."""
        return tuple(label for label in self.taught if label not in self.labels)

    def count(self, label: str) -> int:
        """How many examples a label has.

        Parameters
        ----------
        label
            Of the model's or the person's own.

        Returns
        -------
        int
            0 for a label that was not taught.
        """
        return sum(one.label == label for one in self.examples)

    def with_examples(
        self,
        examples: Iterable[Example],
        *,
        anew: Iterable[str] = (),
        framings: Iterable[Framing | None] = (),
    ) -> Profile:
        """The same with more examples.

        Parameters
        ----------
        examples
            To add, of the same model. Of a label that then has too many, the oldest go.
        anew
            Labels whose examples so far are left out.
        framings
            Of the examples to add: where a shifted box moves the face.

        Returns
        -------
        Profile
            A new one, dated today; this one stays as it is.
        """
        today = datetime.date.today().isoformat()
        return replace(
            self,
            examples=_grouped((*self.without(anew), *examples)),
            made=today,
            framing=Framing.joined((*framings, self.framing)),
        )

    def without(self, labels: Iterable[str]) -> tuple[Example, ...]:
        """The examples of all other labels: what stays when these are taught anew.

        Parameters
        ----------
        labels
            To leave out.

        Returns
        -------
        tuple of Example
            In their order; empty when all labels are left out.
        """
        gone = set(labels)
        return tuple(one for one in self.examples if one.label not in gone)

    def save(self, path: str | Path) -> None:
        """Write it as JSON.

        Parameters
        ----------
        path
            Of the file, which appears when it is complete.

        Raises
        ------
        OutputError
            When it can't be written there.
        """
        from emocam.recognition.profile_file import write_profile

        write_profile(self, Path(path))

    def to_json(self) -> str:
        """What `save` writes.

        Returns
        -------
        str
            JSON.
        """
        from emocam.recognition.profile_file import profile_json

        return profile_json(self)

    @classmethod
    def from_json(cls, text: str) -> Profile:
        """Read what `to_json` gave.

        Parameters
        ----------
        text
            JSON text.

        Returns
        -------
        Profile
            The same one.

        Raises
        ------
        InputError
            When the text holds no profile.
        """
        from emocam.recognition.profile_file import parse_profile

        return parse_profile(text)

    @classmethod
    def load(cls, path: str | Path) -> Profile:
        """Read a profile that `save` wrote.

        Parameters
        ----------
        path
            Of the file.

        Returns
        -------
        Profile
            The same one.

        Raises
        ------
        InputError
            When the file can't be read or is no profile.
        """
        from emocam.recognition.profile_file import read_profile

        return read_profile(Path(path))


def check_label(label: str) -> None:
    """Raise InputError unless this can be the name of something taught."""
    if not label.strip() or len(label) > LONGEST_LABEL or not label.isprintable():
        raise InputError(f"a label is 1 to {LONGEST_LABEL} letters on one line, got '{label[:60]}'")
    if label == UNSURE:
        raise InputError(f"'{UNSURE}' is what emocam says in doubt: call the label something else")


def _grouped(examples: Iterable[Example]) -> tuple[Example, ...]:
    """The newest of each label; a picture that was learnt twice counts once."""
    by_label: dict[str, dict[bytes, Example]] = {}
    for one in examples:
        some = by_label.setdefault(one.label, {})
        some.setdefault(one.point.astype(np.float16).tobytes(), one)  # as precise as a file is
    return tuple(one for some in by_label.values() for one in [*some.values()][-MOST_EXAMPLES:])


def _examples_of(
    recognizer: EmotionRecognizer, pictures: Mapping[str, Sequence[AnyArray]]
) -> tuple[list[Example], Framing | None]:
    from emocam.recognition.examples import learn_picture

    examples, framings = [], []
    for label, some in pictures.items():
        for number, picture in enumerate(some):
            learnt = learn_picture(recognizer, check_bgr(picture), label, f"{label} {number}")
            if learnt is None:
                raise InputError(f"picture {number} of '{label}' has no face that can be found")
            examples.append(learnt[0])
            framings.append(learnt[1])
    return examples, Framing.joined(framings)
