"""Where training keeps its steps, so that a run that was stopped goes on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from emocam import __version__


def cache_folder() -> Path:
    """Where emocam keeps what this version can compute again."""
    # A new version may compute the same step in another way.
    return user_caches() / "emocam" / __version__


def user_caches() -> Path:
    """Where this user's programs may keep what can be had again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
