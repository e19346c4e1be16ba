"""The steps of a guided session: what to show now, for how long, and what was caught.

It knows no camera and no clock: moments come with their times.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emocam.errors import InputError
from emocam.recognition.framing import Framing
from emocam.recognition.labels import NEUTRAL
from emocam.recognition.profile import check_label
from emocam.recognition.takes import alike, examples_of_take
from emocam.recognition.words_model import WordsModel
from emocam.teaching.from_photos import Lesson
from emocam.types import FloatArray, ImageU8

READY_S = 2.0  # to get the face ready
HOLD_S = 3.0  # of clear moments
_LONGEST_S = 10.0  # for a take, with all that is left out of it
_FEWEST = 6  # moments of a take
_MOST_TRIES = 3
_STEP_S = 0.5  # a longer time between two moments was not seen
_KEYS = "1234567890"


@dataclass(frozen=True, eq=False)
class Moment:
    """One frame of the person's face."""

    time_s: float
    point: FloatArray | None = None  # in the learnt space; None without a face
    complaint: str = ""  # what is wrong with it; empty for nothing
    picture_bgr: ImageU8 | None = None  # the face, cut out small
    crop_gray: ImageU8 | None = None  # the same in the training format


@dataclass(eq=False)
class Take:
    """What was caught of one label."""

    points: list[FloatArray] = field(default_factory=list)
    pictures: list[ImageU8] = field(default_factory=list)
    crops: list[ImageU8] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_enough(self) -> bool:
        """Whether it can be learnt from."""
        return len(self.points) >= _FEWEST

    @property
    def picture_bgr(self) -> ImageU8 | None:
        """One of the moments that are like most of it."""
        import numpy as np

        if not self.points:
            return None
        good = np.flatnonzero(alike(np.stack(self.points)))
        return self.pictures[int(good[len(good) // 2])]


@dataclass(frozen=True)
class Prompt:
    """What to tell the user: in large letters, below it in small ones, and how far it is."""

    title: str
    detail: str
    share: float = 0.0  # 0 to 1, of the three seconds


class GuidedSteps:
    """Goes through labels; each is caught for three seconds.

    Parameters
    ----------
    labels
        What to show, in this order.
    reviews
        Whether to wait at the end for the user to look at what was caught.

    Attributes
    ----------
    takes
        What was caught, by label.
    current
        The label that is to be shown now; None at the end.
    is_over
        Whether the session is over.
    """

    def __init__(self, labels: tuple[str, ...], *, reviews: bool) -> None:
        self.labels = labels
        self.takes: dict[str, Take] = {}
        self.left_out: dict[str, str] = {}
        self.is_over = False
        self.current: str | None = labels[0]
        self._reviews = reviews
        self._take = Take()
        self._begin_s: float | None = None  # of the countdown
        self._last_s: float | None = None
        self._tries = 0
        self._again = ""  # why a take has to be repeated
        self._complaint = ""

    def see(self, moment: Moment) -> None:
        """Take in a moment; they come in order."""
        if self.current is None:
            return
        if self._begin_s is None:
            self._begin_s = moment.time_s
        self._complaint = moment.complaint if moment.point is not None else "no face to be seen"
        held_s = moment.time_s - self._begin_s - READY_S
        if held_s < 0:
            return
        if not self._complaint and moment.point is not None and moment.picture_bgr is not None:
            step_s = moment.time_s - (moment.time_s if self._last_s is None else self._last_s)
            self._take.seconds += min(step_s, _STEP_S)
            self._take.points.append(moment.point)
            self._take.pictures.append(moment.picture_bgr)
            if moment.crop_gray is not None:
                self._take.crops.append(moment.crop_gray)
        elif self._complaint:
            self._take.complaints.append(self._complaint)
        self._last_s = moment.time_s
        if self._take.seconds >= HOLD_S and self._take.is_enough:
            self._caught()
        elif held_s > _LONGEST_S:
            self._caught() if self._take.is_enough else self._missed()

    def press(self, key: str) -> None:
        """Take a key: `a` again, `s` skip, a digit for a label, `q` or Enter for the end."""
        if key in ("q", "escape", "enter", "closed"):
            self.is_over = True
        elif key == "s" and self.current is not None:
            self.left_out.setdefault(self.current, "skipped")
            self._go_to(self._next())
        elif key == "a":
            self._go_to(self.current if self._take.points or not self._done else self._done[-1])
        elif key in _KEYS and key and _KEYS.index(key) < len(self.labels):
            self._go_to(self.labels[_KEYS.index(key)])

    def prompt(self, now_s: float) -> Prompt:
        """What to tell the user."""
        if self.current is None:
            return Prompt("done", "Enter keeps it; a number teaches that one again")
        number = f"{self.labels.index(self.current) + 1} of {len(self.labels)}"
        title = f"look {NEUTRAL}" if self.current == NEUTRAL else self.current
        if self._begin_s is None:
            return Prompt(title, f"{number}: waiting for a picture")
        left_s = self._begin_s + READY_S - now_s
        if left_s > 0:
            why = f"again, {self._again}" if self._again else "get ready"
            return Prompt(title, f"{number}: {why}, {int(left_s) + 1} …")
        if self._complaint:
            return Prompt(title, self._complaint, self._take.seconds / HOLD_S)
        return Prompt(title, "hold it …", min(1.0, self._take.seconds / HOLD_S))

    def lesson(self, model: WordsModel | None = None) -> Lesson:
        """The examples of all that was caught, and why the rest was not.

        With the model it is found out as well where a shifted box moves the face.
        """
        lesson = Lesson()
        for label in self.labels:
            take = self.takes.get(label)
            if take is not None:
                lesson.examples.extend(examples_of_take(label, take.points, f"{label}, camera"))
                if model is not None and take.crops:
                    middle = take.crops[len(take.crops) // 2]
                    lesson.framings.append(Framing.of(model, middle))
            elif self.left_out.get(label, "skipped") != "skipped":
                lesson.left_out.append((label, self.left_out[label]))
        return lesson

    @property
    def _done(self) -> list[str]:
        return list(self.takes)

    def _caught(self) -> None:
        assert self.current is not None
        self.takes.pop(self.current, None)
        self.takes[self.current] = self._take
        self.left_out.pop(self.current, None)
        self._go_to(self._next())

    def _missed(self) -> None:
        assert self.current is not None
        said = self._take.complaints
        reason = max(set(said), key=said.count) if said else "seen too seldom"
        tries, label = self._tries + 1, self.current
        if tries < _MOST_TRIES:
            self._go_to(label)
            self._tries, self._again = tries, reason
        else:
            self.left_out[label] = reason
            self._go_to(self._next())

    def _next(self) -> str | None:
        open_labels = [
            label
            for label in self.labels
            if label not in self.takes and label not in self.left_out and label != self.current
        ]
        return open_labels[0] if open_labels else None

    def _go_to(self, label: str | None) -> None:
        self.current = label
        self._take, self._begin_s, self._last_s = Take(), None, None
        self._tries, self._again, self._complaint = 0, "", ""
        if label is None and not self._reviews:
            self.is_over = True


def checked_labels(given: tuple[str, ...] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """What to show: the labels given, or all that the model knows, neutral first.

    Raises
    ------
    InputError
        When a label can't be one, or there is none.
    """
    if given is None:
        return tuple(sorted(known, key=lambda label: label != NEUTRAL))
    labels = tuple(dict.fromkeys(label.strip() for label in given if label.strip()))
    if not labels:
        raise InputError("--labels names what to show, such as neutral,happy,tongue out")
    for label in labels:
        check_label(label)
    return labels
