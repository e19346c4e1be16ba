from __future__ import annotations

from pathlib import Path

import pytest

from tests.robustness.writers import write_inputs


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all commands: Matplotlib makes its list of fonts once a home."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands of `writers` take."""
    return write_inputs(tmp_path_factory.mktemp("inputs"))
