"""What a profile holds, and how well its labels are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emocam.recognition.personal import PersonalModel
from emocam.recognition.prediction import FaceModel
from emocam.recognition.profile import Profile


@dataclass(frozen=True)
class Verdict:
    """One example, read by the others."""

    label: str
    name: str
    read_as: str
    probability: float  # of its own label
    tried: bool  # whether its label has other examples; without, it can't be left out
    weight: float  # 0 to 1, how much it counts


@dataclass(frozen=True)
class ProfileSummary:
    """What a profile holds."""

    profile: Profile  # as it is
    verdicts: tuple[Verdict, ...]  # one an example, in order

    @classmethod
    def of(cls, model: FaceModel, profile: Profile) -> ProfileSummary:
        """Leave each example out and read it by the others.

        Raises
        ------
        InputError
            When the profile was made with another model.
        """
        personal = PersonalModel.fit(model, profile)
        left_out = personal.left_out()
        verdicts = []
        for row, one in enumerate(profile.examples):
            said = left_out.probabilities[row]
            verdicts.append(
                Verdict(
                    one.label,
                    one.name,
                    personal.labels[int(said.argmax())],
                    float(said[personal.labels.index(one.label)]),
                    bool(left_out.tried[row]),
                    float(personal.weights[row]),
                )
            )
        return cls(profile, tuple(verdicts))

    @property
    def right(self) -> tuple[int, int]:
        """How many examples were read right when left out, of how many that could be."""
        tried = [one for one in self.verdicts if one.tried]
        return sum(one.read_as == one.label for one in tried), len(tried)

    @property
    def most_confused(self) -> tuple[str, str] | None:
        """The label that is taken most often for another one, and that other one."""
        wrong = [
            (one.label, one.read_as)
            for one in self.verdicts
            if one.tried and one.read_as != one.label
        ]
        return max(wrong, key=wrong.count) if wrong else None

    @property
    def nearest_pair(self) -> tuple[str, str] | None:
        """The two labels whose examples lie nearest to each other; None with fewer than two."""
        taught = self.profile.taught
        if len(taught) < 2:
            return None
        centers = np.stack(
            [
                np.mean([one.point for one in self.profile.examples if one.label == label], axis=0)
                for label in taught
            ]
        )
        squares = np.square(centers[:, None] - centers).sum(axis=2)
        np.fill_diagonal(squares, np.inf)
        first, second = divmod(int(squares.argmin()), len(taught))
        return taught[first], taught[second]

    def lines(self) -> list[str]:
        """The summary as plain text."""
        profile = self.profile
        counts = ", ".join(f"{label} {profile.count(label)}" for label in profile.taught)
        lines = [f"taught, with the number of examples: {counts}"]
        lacking = [label for label in profile.labels if label not in profile.taught]
        if profile.own_labels:
            lines.append(f"labels of its own: {', '.join(profile.own_labels)}")
        if lacking:
            lines.append(f"not taught, read as for everybody: {', '.join(lacking)}")
        right, tried = self.right
        if tried:
            lines.append(f"read right when left out: {right} of {tried} examples")
        else:
            lines.append("how well they are told apart shows only with two examples of a label")
        if self.most_confused is not None:
            first, second = self.most_confused
            lines.append(f"most confused: {first} is taken for {second}")
        elif self.nearest_pair is not None:
            first, second = self.nearest_pair
            lines.append(f"most alike: {first} and {second}")
        for one in self.verdicts:
            if one.tried and one.read_as != one.label:
                lines.append(
                    f"  {one.name}: taught as {one.label}, reads as {one.read_as}; "
                    f"counts {one.weight:.0%}"
                )
        return lines

    def figures(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        right, tried = self.right
        return {
            "made": self.profile.made,
            "model": self.profile.space,
            "taught": {label: self.profile.count(label) for label in self.profile.taught},
            "own_labels": list(self.profile.own_labels),
            "left_out": {"right": right, "of": tried},
            "most_confused": self.most_confused,
            "most_alike": self.nearest_pair,
            "examples": [vars(one) for one in self.verdicts],
        }
