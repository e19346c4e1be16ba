"""What a name stands for, told by its ending alone, and which command reads that."""

from __future__ import annotations

from pathlib import Path

from emocam.io.address import parse_address

RAW_ENDINGS = frozenset({".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2", ".pef"})
PHOTO_ENDINGS = RAW_ENDINGS | {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif",
    ".avif", ".heic", ".heif", ".jp2", ".ppm", ".pgm",
}  # fmt: skip
VIDEO_ENDINGS = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"}
    | {".ogv", ".ts", ".webm", ".wmv"}
)
_BOTH = frozenset({".gif"})


def other_command(text: str, command: str = "") -> str:
    """A line that says which command reads this, empty where `command` itself does.

    Parameters
    ----------
    text
        What a user gave: a number, an address or a path.
    command
        What it was given to; empty for none at all.
    """
    kind, wanted = _kind(text)
    if command in wanted or not wanted:
        return ""
    commands = " or ".join(f"'emocam {one} {text}'" for one in wanted)
    return f"'{text}' is a {kind}: {commands} reads it"


def _kind(text: str) -> tuple[str, tuple[str, ...]]:
    """What it is, and the commands that read it; none where only the command can tell."""
    path, address = Path(text), parse_address(text)
    ending = path.suffix.lower()
    if path.is_dir():
        return "folder", ("label", "video")
    if address.kind != "path" and not path.exists():
        return address.kind, ("live",)
    if not path.is_file() or ending in _BOTH:
        return "", ()
    if ending in PHOTO_ENDINGS:
        return "photo", ("label", "explain")
    return ("clip", ("video",)) if ending in VIDEO_ENDINGS else ("", ())
