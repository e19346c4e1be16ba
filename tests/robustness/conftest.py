from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all commands: Matplotlib makes its list of fonts once a home."""
    return tmp_path_factory.mktemp("home")
