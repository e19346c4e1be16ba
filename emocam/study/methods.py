"""The methods paragraph, ready to paste: what was done, with which versions and settings."""

from __future__ import annotations

from importlib.metadata import version

from emocam import __version__
from emocam.study.analysis import Analysis
from emocam.study.data import Study
from emocam.study.segments import WHOLE
from emocam.study.statistics import CONFIDENCE, FEWEST, RESAMPLES


def methods_paragraph(study: Study, analysis: Analysis, align: str | None = None) -> str:
    """A paragraph of plain sentences."""
    return " ".join(
        [
            *_read(study, analysis),
            *_segments(study, analysis),
            *_statistics(analysis),
            *([f"Timelines are aligned at the start of '{align}'."] if align else []),
            "Apparent expression is what a face seems to show; it is not what a person feels.",
        ]
    )


def _read(study: Study, analysis: Analysis) -> list[str]:
    settings = study.settings
    hours = sum(row.values["duration_s"] for row in analysis.rows if row.segment == WHOLE) / 3600
    model = settings.get("model")
    named = f" with the model {model} ({settings.get('model_hash')})" if model else ""
    every = settings.get("every_s") or 0.0
    how_often = f"every {every:g} s" if every else "in every frame"
    return [
        f"{len(study.sessions)} sessions of {_people(analysis)} ({hours:.2f} hours) were read "
        f"{how_often} by emocam {__version__}{named}, a K-Means recogniser of apparent facial "
        f"expressions with the labels {', '.join(study.labels)}; faces with a certainty below "
        f"{study.certainty:.2f} count as unsure.",
        "Only the participant's face was read, by place or size as planned.",
    ]


def _people(analysis: Analysis) -> str:
    people, conditions = len(analysis.participants), analysis.conditions
    under = f" under {len(conditions)} conditions" if len(conditions) > 1 else ""
    return f"{people} participant{'s' if people != 1 else ''}{under}"


def _segments(study: Study, analysis: Analysis) -> list[str]:
    names = [name for name in analysis.segments if name != WHOLE]
    sentences = []
    if names:
        shown = ", ".join(names[:6]) + (" and others" if len(names) > 6 else "")
        sentences.append(f"Sessions were divided into segments ({shown}).")
    baseline = study.settings.get("baseline")
    if baseline:
        sentences.append(
            f"Readings are relative to the segment '{baseline}': for {len(analysis.biases)} of "
            f"{len(analysis.participants)} participants a profile of the neutral face was learnt "
            "from it, and conditions are compared by the change from it."
        )
    return sentences


def _statistics(analysis: Analysis) -> list[str]:
    sentences = [
        "Each participant gives one value a condition and segment, the mean over their sessions. "
        f"Means are given with {CONFIDENCE:.0%} bootstrap intervals over participants (expanded "
        f"percentile, {RESAMPLES} resamples, SciPy {version('scipy')}), from {FEWEST} participants "
        "on."
    ]
    if analysis.comparisons:
        paired = {one.contrast.paired for one in analysis.comparisons}
        kind = (
            "paired or unpaired" if len(paired) > 1 else "paired" if True in paired else "unpaired"
        )
        tests = sum(int((one.contrast.p == one.contrast.p).sum()) for one in analysis.comparisons)
        sentences.append(
            f"Conditions were compared by {kind} differences with Hedges' g and two-sided "
            f"permutation tests ({RESAMPLES} permutations); p-values were corrected over {tests} "
            "tests by Benjamini and Hochberg's false discovery rate."
        )
    return sentences
