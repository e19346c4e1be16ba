"""The report of a clip: one page that can be read without scripts, and jumps the film with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emocam.output import complete_file
from emocam.recognition.labels import UNSURE, color_hex
from emocam.render.page import page, picture, table
from emocam.video.clip_summary import ClipSummary, Person
from emocam.video.timeline import clock, percent, timeline_html

_MOST_PERSONS = 8  # with a timeline; the others stand in the table of faces
_MOST_ROWS = 40
_WEB = Path(__file__).with_name("templates")
_NOTE = (
    "Apparent expression is what a face seems to show to K-Means clusters of face pictures. It is "
    "not what a person feels, and single labels are often wrong: read the lines, not the moments."
)


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip besides its faces.

    Attributes
    ----------
    clip
        The file, as the user named it.
    size_wh
        Width and height of its upright frames in pixels.
    fps
        Average frames a second.
    frames
        How many were gone through.
    shortfall
        How many frames a damaged clip gave, else empty.
    stopped
        Whether the user ended the run before the clip's end.
    took_s
        Seconds that the work took.
    film_start_s
        Time of the clip at which the annotated film begins, in seconds.
    """

    clip: Path
    size_wh: tuple[int, int]
    fps: float
    frames: int
    shortfall: str
    stopped: bool
    took_s: float
    film_start_s: float


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
    shown = persons[:_MOST_PERSONS]
    parts = [
        _head(summary, facts, len(persons)),
        _film(film, facts),
        "<main>",
        *(_person(summary, person, jumps=film is not None) for person in shown),
        _faces(summary, persons),
        _gaps(summary),
        _rates(summary, facts),
        "</main>",
        _footer(card),
    ]
    title = f"Apparent expression in {facts.clip.name}"
    text = page(
        title,
        "\n".join(parts),
        style=(_WEB / "report.css").read_text(encoding="utf-8"),
        script=(_WEB / "report.js").read_text(encoding="utf-8"),
    )
    with complete_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _head(summary: ClipSummary, facts: ClipFacts, persons: int) -> str:
    share = summary.frames_with_face / summary.analysed_frames if summary.analysed_frames else 0.0
    faces = f"{persons} face{'' if persons == 1 else 's'}"
    lines = [
        f"<p class=lead>{faces} · a face in {percent(share)} of {summary.analysed_frames} "
        f"analysed frames · {clock(summary.seconds)} of film</p>"
    ]
    if facts.stopped:
        lines.append(
            "<p class=warn>Stopped before the clip's end: this covers what came before.</p>"
        )
    if facts.shortfall:
        lines.append(f"<p class=warn>The clip is damaged: {facts.shortfall} could be read.</p>")
    lines.append(f"<p class=soft>{_NOTE}</p>")
    return "\n".join(lines)


def _film(film: str | None, facts: ClipFacts) -> str:
    if film is None:
        return ""
    address = quote(film)
    width, height = facts.size_wh
    return (
        f'<div class=film><video controls preload=metadata src="{address}" '
        f'width={width} height={height} data-start="{facts.film_start_s:.3f}">'
        f'<a href="{address}">{escape(film)}</a></video></div>'
    )


def _person(summary: ClipSummary, person: Person, *, jumps: bool) -> str:
    spans = f"{clock(person.spans[0][0])} to {clock(person.spans[-1][1])}"
    shares = summary.shares(person)
    return (
        f'<section class=person aria-labelledby="face-{person.id}">'
        f'<h2 id="face-{person.id}">Face {person.id}</h2>'
        f"<p class=soft>seen for {clock(person.seconds)}, from {spans}</p>"
        f"{_shares(shares, summary.labels)}"
        f"{timeline_html(summary, person, jumps=jumps)}"
        f"{_moments(person, summary.labels, jumps=jumps)}</section>"
    )


def _shares(shares: Mapping[str, float], labels: tuple[str, ...]) -> str:
    """A bar of the shares of time, and the same in words."""
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    parts = "".join(
        f'<i style="flex-grow:{share:.4f};background:{color_hex(label, labels)}" '
        f'title="{escape(label)} {percent(share)}"></i>'
        for label, share in ranked
        if share >= 0.002
    )
    words = ", ".join(f"{escape(label)} {percent(share)}" for label, share in ranked)
    return f"<div class=shares aria-hidden=true>{parts}</div><p>Shares of time: {words}</p>"


def _moment_text(time_s: float, *, jumps: bool) -> str:
    if not jumps:
        return clock(time_s)
    return f'<button type=button data-jump="{time_s:.3f}">{clock(time_s)}</button>'


def _moments(person: Person, labels: tuple[str, ...], *, jumps: bool) -> str:
    figures = "".join(
        "<figure>"
        + (picture(moment.jpeg, f"Face {person.id}, {label}", kind="jpeg") if moment.jpeg else "")
        + f"<figcaption><b>{escape(label)}</b> {percent(moment.certainty)}<br>"
        f"{_moment_text(moment.time_s, jumps=jumps)}</figcaption></figure>"
        for label in labels
        if (moment := person.moments.get(label)) is not None
    )
    if not figures:
        return ""
    never = [label for label in labels if label not in person.moments]
    rest = f"<p class=soft>Never the label: {escape(', '.join(never))}.</p>" if never else ""
    return f"<h3>Clearest moments</h3><div class=moments>{figures}</div>{rest}"


def _faces(summary: ClipSummary, persons: Sequence[Person]) -> str:
    """All faces; those that go and come back have several spans."""
    if not persons:
        return "<p>No face was found.</p>"
    rows = []
    for person in persons[:_MOST_ROWS]:
        shares = summary.shares(person)
        most = max(shares, key=lambda label: shares[label]) if shares else UNSURE
        spans = ", ".join(f"{clock(a)}–{clock(b)}" for a, b in person.spans[:6])
        more = f" and {len(person.spans) - 6} more" if len(person.spans) > 6 else ""
        rows.append([f"Face {person.id}", clock(person.seconds), most, spans + more])
    left = len(persons) - len(rows)
    note = f"<p class=soft>… and {left} more, each seen for less.</p>" if left > 0 else ""
    anew = (
        "<p class=soft>A person who is away for long, or turns far, may come back under a new "
        "number.</p>"
    )
    head = ["face", "seen for", "mostly", "when"]
    return f"<section><h2>Faces</h2>{table(head, rows)}{note}{anew}</section>"


def _gaps(summary: ClipSummary) -> str:
    if not summary.gaps:
        return "<section><h2>Gaps</h2><p>No second passed without a face.</p></section>"
    longest = sorted(summary.gaps, key=lambda gap: gap[0] - gap[1])[:_MOST_ROWS]
    rows = [[clock(a), clock(b), clock(b - a)] for a, b in sorted(longest)]
    more = len(summary.gaps) - len(rows)
    note = f"<p class=soft>… and {more} shorter ones.</p>" if more > 0 else ""
    head = ["no face from", "to", "for"]
    return f"<section><h2>Gaps</h2>{table(head, rows)}{note}</section>"


def _rates(summary: ClipSummary, facts: ClipFacts) -> str:
    seconds = max(summary.seconds, 1e-3)
    width, height = facts.size_wh
    speed = seconds / facts.took_s
    rows = [
        ["clip", str(facts.clip)],
        ["picture", f"{width} × {height}, {facts.fps:.4g} frames a second"],
        ["frames", f"{facts.frames}, of which {summary.analysed_frames} were analysed"],
        ["analysed", f"{summary.analysed_frames / seconds:.1f} frames for each second of the clip"],
        ["with a face", f"{summary.frames_with_face} frames"],
        [
            "work",
            f"{timedelta(seconds=round(facts.took_s))}, {speed:.1f} times as fast as the clip",
        ],
    ]
    return f"<section><h2>Rates</h2>{table(['', ''], rows)}</section>"


def _footer(card: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _flat(card)
    )
    return (
        f"<footer><details><summary>Model card: recipe {escape(str(card.get('recipe', '')))}, "
        f"{escape(str(card.get('date', '')))}</summary><dl>{rows}</dl></details></footer>"
    )


def _flat(card: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The card's entries as plain text, nested ones with the names before them."""
    lines: list[tuple[str, str]] = []
    for key, value in card.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            lines += _flat(value, f"{name}, ")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append((name, text if len(text) <= 300 else f"{text[:300]} …"))
    return lines
