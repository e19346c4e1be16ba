"""The report of a clip as one page; its script lets a click jump the film to a moment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emocam.detection.detector import smallest_face
from emocam.output import complete_file
from emocam.recognition.labels import UNSURE, color_hex
from emocam.render.page import prepare_page, render_page
from emocam.video.clip_summary import AWAY_DEG, ClipSummary, Person
from emocam.video.timeline import WIDE, PersonTimeline, clock, percent

_TEMPLATE = "video/templates/report.html"
_FILTERS = {"clock": clock, "percent": percent}
_MOST_PERSONS = 8  # with a timeline; the others stand in the table of faces
_MOST_ROWS = 40
_MOST_SPANS = 6  # of a face, in the table
_LONGEST_TEXT = 300  # characters of a model card's entry


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip besides its faces."""

    clip: Path  # as the user named it
    size_wh: tuple[int, int]  # pixels of the upright frames
    fps: float
    frames: int  # read from the clip, analysed or not
    shortfall: str  # such as `48 of about 101 frames` of a damaged clip, else empty
    stopped: bool  # by the user, before the clip's end
    took_s: float
    film_start_s: float  # time of the clip at which the annotated film begins

    @property
    def smallest_face(self) -> int:
        """Width in pixels below which no face is looked for."""
        return round(smallest_face(self.size_wh))


def prepare_report() -> None:
    """Do what a report takes before anything is known of the clip."""
    prepare_page(_TEMPLATE, _FILTERS)


def write_report(
    path: Path,
    summary: ClipSummary,
    facts: ClipFacts,
    card: Mapping[str, Any],
    film: str | None,
) -> None:
    """Write the report of a clip.

    Parameters
    ----------
    path
        Where it goes.
    summary
        What was gathered.
    facts
        What else is known of the clip.
    card
        The model card.
    film
        Name of the annotated film in the same folder; None when there is none.

    Raises
    ------
    OutputError
        When the file can't be written.
    """
    persons = sorted(summary.persons.values(), key=lambda person: (-person.seconds, person.id))
    text = render_page(
        _TEMPLATE,
        filters=_FILTERS,
        title=f"Apparent expression in {facts.clip.name}",
        summary=summary,
        facts=facts,
        film=film,
        # As bytes: the name of a file may be no UTF-8.
        film_address="" if film is None else quote(os.fsencode(film)),
        faces=[_face(summary, person) for person in persons],
        most_faces=_MOST_PERSONS,
        face_rows=[_face_row(summary, person) for person in persons[:_MOST_ROWS]],
        gap_rows=_gap_rows(summary),
        rate_rows=_rate_rows(summary, facts),
        card={"recipe": "", "date": "", **card},
        card_rows=_flat(card),
        wide=WIDE,
        smallest=facts.smallest_face,
    )
    with complete_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _face(summary: ClipSummary, person: Person) -> dict[str, Any]:
    """What the template shows of a face; its timeline is made when it is drawn."""
    labels = summary.labels
    ranked = sorted(summary.shares(person).items(), key=lambda item: -item[1])
    return {
        "id": person.id,
        "seconds": person.seconds,
        "spans": person.spans,
        "away": summary.share_away(person),
        "away_deg": AWAY_DEG,
        "shares": [
            {"label": label, "value": share, "color": color_hex(label, labels)}
            for label, share in ranked
        ],
        "line": lambda: PersonTimeline(summary, person),
        "moments": {label: person.moments[label] for label in labels if label in person.moments},
        "never": [label for label in labels if label not in person.moments],
    }


def _face_row(summary: ClipSummary, person: Person) -> list[str]:
    """A face that goes and comes back has several spans."""
    shares = summary.shares(person)
    most = max(shares, key=lambda label: shares[label]) if shares else UNSURE
    spans = ", ".join(f"{clock(a)}–{clock(b)}" for a, b in person.spans[:_MOST_SPANS])
    more = len(person.spans) - _MOST_SPANS
    rest = f" and {more} more" if more > 0 else ""
    return [f"Face {person.id}", clock(person.seconds), most, spans + rest]


def _gap_rows(summary: ClipSummary) -> list[list[str]]:
    longest = sorted(summary.gaps, key=lambda gap: gap[0] - gap[1])[:_MOST_ROWS]
    return [[clock(a), clock(b), clock(b - a)] for a, b in sorted(longest)]


def _rate_rows(summary: ClipSummary, facts: ClipFacts) -> list[list[str]]:
    seconds = max(summary.seconds, 1e-3)
    width, height = facts.size_wh
    took, speed = timedelta(seconds=round(facts.took_s)), seconds / facts.took_s
    return [
        ["clip", str(facts.clip)],
        ["picture", f"{width} × {height}, {facts.fps:.4g} frames a second"],
        ["frames", f"{facts.frames}, of which {summary.analysed_frames} were analysed"],
        ["analysed", f"{summary.analysed_frames / seconds:.1f} frames for each second of the clip"],
        ["with a face", f"{summary.frames_with_face} frames"],
        ["work", f"{took}, {speed:.1f} times as fast as the clip"],
    ]


def _flat(card: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The card's entries as plain text, nested ones with the names before them."""
    lines: list[tuple[str, str]] = []
    for key, value in card.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            lines += _flat(value, f"{name}, ")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append(
                (name, text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …")
            )
    return lines
