"""Where caches lie: of training, so that a run that was stopped goes on, and of Matplotlib."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from emocam import __version__


def cache_folder() -> Path:
    """Where emocam keeps what this version can compute again."""
    # A new version may compute the same step in another way.
    return _user_caches() / "emocam" / __version__


def font_list_folder() -> Path:
    """Where Matplotlib keeps its list of the system's fonts.

    As its `get_cachedir`, which makes the folder
    (https://matplotlib.org/stable/install/environment_variables_faq.html).
    """
    if chosen := os.environ.get("MPLCONFIGDIR"):
        return Path(chosen)
    if sys.platform.startswith(("linux", "freebsd")):
        return _user_caches() / "matplotlib"
    return Path.home() / ".matplotlib"


def _user_caches() -> Path:
    """Where this user's programs may keep what can be had again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
