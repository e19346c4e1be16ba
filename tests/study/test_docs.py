"""docs/measures.md defines what the tables hold."""

from __future__ import annotations

import re

import pytest

from emocam.study.affect import RATINGS
from emocam.study.measures import MEASURES
from tests.conftest import SAMPLES

DOCS = SAMPLES.parent / "docs"
TEXT = (DOCS / "measures.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)
def test_every_measure_has_its_unit_and_formula(one) -> None:
    row = re.search(rf"^\| `{re.escape(one.name)}` \|(.*)\|$", TEXT, flags=re.MULTILINE)
    if row is None:  # valence and arousal, whose formulas stand in the text
        assert f"`{one.name}` = Σ" in TEXT
    else:
        unit, formula = (cell.strip() for cell in row[1].split("|", 1))
        assert unit == one.unit
        assert formula


def test_the_positions_of_the_labels_are_those_that_count() -> None:
    for label, (valence, arousal, word) in RATINGS.items():
        v, a = (valence - 5) / 4, (arousal - 5) / 4
        shown = f"| {label} | {word} | {valence:.2f}, {arousal:.2f} | {v:.2f} | {a:.2f} |"
        assert shown.replace("-", "−") in TEXT


def test_the_commands_of_the_page_on_studies_exist() -> None:
    import shlex

    from emocam.cli.commands import load_command

    text = (DOCS / "studies.md").read_text(encoding="utf-8")
    lines = [
        line
        for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
        for line in block.splitlines()
    ]
    assert lines
    for line in lines:
        name, *arguments = shlex.split(line)[1:]
        load_command(name).make_context(name, arguments)
