"""The keys of the live window, and what they switch."""

from __future__ import annotations

from dataclasses import dataclass

from emocam.render.overlay import OverlayOptions

KEYS: tuple[tuple[str, str, str], ...] = (
    ("space", "space", "pause"),
    ("m", "m", "mirror"),
    ("p", "p", "bar for each emotion"),
    ("t", "t", "last 30 seconds"),
    ("i", "i", "rates and delay"),
    ("b", "b", "blur faces"),
    ("a", "a", "paint faces out"),
    ("s", "s", "save this picture"),
    ("r", "r", "record, or stop it"),
    ("c", "c", "next camera"),
    ("n", "n", "calibrate: look neutral for 3 s"),
    ("l", "l, number", "correct what is said"),
    ("1", "1 – 9", "mark this moment"),
    ("f", "f", "full screen"),
    ("h", "h", "this help"),
    ("q", "q, Esc", "quit"),
)
"""Name of the key, how it is written, what it does."""

_QUIT = frozenset({"q", "escape", "closed"})
_SWITCHES = {
    "space": "paused",
    "m": "mirrored",
    "p": "bars",
    "t": "strip",
    "i": "numbers",
    "b": "blur",
    "a": "anonymous",
    "f": "full_screen",
    "h": "help",
}
_MARKS = {key: f"mark {key}" for key in "123456789"}
_ACTIONS = {
    **_MARKS,
    "s": "snapshot",
    "r": "record",
    "c": "next_camera",
    "n": "calibrate",
    "l": "correct",
}


@dataclass
class Controls:
    """What is switched on just now."""

    paused: bool = False
    mirrored: bool = False
    bars: bool = True
    strip: bool = False
    numbers: bool = True
    blur: bool = False
    anonymous: bool = False
    full_screen: bool = False
    help: bool = False
    correcting: bool = False

    def press(self, key: str) -> str:
        """Take a key; the name of an action that the session must do, or an empty text.

        Parameters
        ----------
        key
            As the window names it.

        Returns
        -------
        `quit`, `snapshot`, `record`, `next_camera`, `calibrate`, `full_screen`, `mark 1` to
        `mark 9`, `correct`, after that `corrected` and a digit or `uncorrected`, or nothing.
        """
        if self.correcting:
            self.correcting = False
            if key.isdigit():
                return f"corrected {key}"
            if key == "closed":
                return "quit"
            return "uncorrected"
        if key in _QUIT:
            return "quit"
        self.correcting = key == "l"
        switch = _SWITCHES.get(key)
        if switch is not None:
            setattr(self, switch, not getattr(self, switch))
            return "full_screen" if switch == "full_screen" else ""
        return _ACTIONS.get(key, "")

    @property
    def overlay(self) -> OverlayOptions:
        """What the overlay draws."""
        return OverlayOptions(self.bars, self.strip, self.blur, self.anonymous)

    @property
    def help_lines(self) -> list[tuple[str, str]]:
        """Keys and what they do, while help is on."""
        return [(written, what) for _, written, what in KEYS] if self.help else []
