"""Where training keeps its steps, so that a run that was stopped goes on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from emocam import __version__


def cache_folder() -> Path:
    """Where this user's programs may keep what this version can compute again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # A new version may compute the same step in another way.
    return base / "emocam" / __version__
