"""The pages know every option of every command, and every column of the table."""

from __future__ import annotations

import pytest

from emocam.cli.commands import load_commands
from emocam.io.tables import HEAD_COLUMNS
from tests.docs.pages import PAGES, ROOT

TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page.name != "CHANGELOG.md")
COMMANDS = load_commands()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_stands_on_a_page(command: str) -> None:
    options = [max(one.opts, key=len) for one in COMMANDS[command].params]
    assert [one for one in options if one.startswith("--") and one not in TEXT] == []


def test_every_column_stands_on_the_tables_page() -> None:
    page = (ROOT / "docs" / "table.md").read_text(encoding="utf-8").replace("`", " ")
    assert [one for one in HEAD_COLUMNS if one not in page.replace(",", " ").split()] == []
