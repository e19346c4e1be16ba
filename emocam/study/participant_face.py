"""Which of the faces in a picture is the participant's: by place or by size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from emocam.errors import UsageError
from emocam.types import Face

_PLACES = {
    "largest": (0.0, 0.0, 1.0, 1.0),
    "left": (0.0, 0.0, 0.5, 1.0),
    "right": (0.5, 0.0, 1.0, 1.0),
    "centre": (0.25, 0.0, 0.75, 1.0),
}
_STAY_WITH = 1.4  # how much larger another face must be to become the participant's


@dataclass(frozen=True)
class ParticipantFace:
    """The largest face whose middle lies in a region."""

    text: str  # as the plan has it: `left`, `0 0 0.5 1`, `largest 0.2`
    # Left, top, right, bottom as shares of the picture's width and height
    region: tuple[float, float, float, float]
    # Faces narrower than this share of the picture's height are not the participant's
    smallest: float = 0.0

    def choose(
        self, faces: Sequence[Face], size_wh: tuple[int, int], before: int | None = None
    ) -> Face | None:
        """The participant's face among those of one picture; None when it is not there.

        Parameters
        ----------
        faces
            All faces that were found.
        size_wh
            Width and height of the picture in pixels.
        before
            Number of the face that was chosen in the frame before, which stays the
            participant's until another is clearly larger.
        """
        width, height = size_wh
        left, top, right, bottom = self.region

        def is_candidate(face: Face) -> bool:
            x1, y1, x2, y2 = face.xyxy
            across, down = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
            inside = left <= across < right or (right == 1.0 and across >= left)
            return inside and top <= down <= bottom and (x2 - x1) / height >= self.smallest

        def area(face: Face) -> float:
            wide, high = face.size_wh
            return wide * high * (_STAY_WITH if face.id == before else 1.0)

        return max(filter(is_candidate, faces), key=area, default=None)


LARGEST = ParticipantFace("largest", _PLACES["largest"])


def parse_face(text: str) -> ParticipantFace:
    """What a plan or the command line says of the participant's face.

    Parameters
    ----------
    text
        `largest`, `left`, `right` or `centre`, or a region as four shares of width and height
        (`0 0 0.5 1`: left, top, right, bottom); after it, if wanted, the least width of a face as
        a share of the picture's height (`left 0.2`).

    Raises
    ------
    UsageError
        When it is none of these.
    """
    words = re.split(r"[\s,;]+", text.strip().lower().replace("center", "centre"))
    try:
        if words[0] in _PLACES:
            region, rest = _PLACES[words[0]], words[1:]
        else:
            left, top, right, bottom = map(float, words[:4])
            region, rest = (left, top, right, bottom), words[4:]
        smallest = float(rest[0]) if rest else 0.0
        is_region = 0 <= region[0] < region[2] <= 1 and 0 <= region[1] < region[3] <= 1
        if len(rest) > 1 or not is_region or not 0 <= smallest < 1:
            raise ValueError
    except ValueError as error:
        raise UsageError(
            f"a participant's face is largest, left, right, centre or a region such as "
            f"'0 0 0.5 1', with a least size if wanted ('left 0.2'); got '{text}'"
        ) from error
    return ParticipantFace(" ".join(words), region, smallest)
