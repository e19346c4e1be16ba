"""A profile as JSON: small, without pictures, and nothing in it can run."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emocam.errors import InputError
from emocam.output import complete_file
from emocam.recognition.framing import Framing
from emocam.recognition.profile import MOST_EXAMPLES, MOST_LABELS, Example, Profile
from emocam.types import FloatArray

FORMAT = 2
_KIND = "emocam profile"
_MAX_BYTES = 20_000_000
_MOST_DIMS = 4096
_LARGEST = 60_000.0  # 16-bit floats end there
_FAULTS = (OSError, ValueError, KeyError, TypeError, RecursionError, InputError)


def profile_json(profile: Profile) -> str:
    """The text of the file."""
    data: dict[str, Any] = {
        "kind": _KIND,
        "format": FORMAT,
        "made": profile.made,
        "model": profile.space,
        "labels": list(profile.labels),
        "taught": {label: profile.count(label) for label in profile.taught},
        "examples": [
            {"label": one.label, "name": one.name, "point": _packed(one.point)}
            for one in profile.examples
        ],
    }
    if profile.framing is not None:
        data["framing"] = {
            "examples": profile.framing.count,
            "directions": [_packed(one) for one in profile.framing.directions],
        }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def write_profile(profile: Profile, path: Path) -> None:
    """Write it; see `Profile.save`."""
    with complete_file(path) as temporary:
        temporary.write_text(profile_json(profile), encoding="utf-8")


def read_profile(path: Path) -> Profile:
    """Read it; see `Profile.load`."""
    try:
        if path.exists() and not path.is_file():  # a named pipe would be waited for, without end
            raise ValueError("it is not an ordinary file")
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too large")
        return _parsed(path.read_text(encoding="utf-8"))
    except _FAULTS as error:
        fault = f"{path} is not a profile of emocam ({_reason(error)})"
        raise InputError(f"{fault}: {_mend(path)}") from error


def parse_profile(text: str) -> Profile:
    """Parse it; see `Profile.from_json`."""
    try:
        return _parsed(text)
    except _FAULTS as error:
        raise InputError(f"the text is not a profile of emocam ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError | json.JSONDecodeError):
        return "it holds no JSON"
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    return str(error.strerror if isinstance(error, OSError) else error)


def _mend(path: Path) -> str:
    """What to do; nothing that overwrites what was no profile ever."""
    if path.suffix.lower() != ".json":
        return "name a file that emocam teach has written, such as me.json"
    return f"make it anew with emocam teach -o {path} --force"


def _parsed(text: str) -> Profile:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("it should hold an object")
    if "bias" in data:
        raise ValueError("it is of an older emocam, which kept the neutral face alone")
    if data.get("kind") != _KIND or data.get("format") != FORMAT:
        raise ValueError(f"it should say {_KIND}, format {FORMAT}")
    return _profile(data)


def _profile(data: dict[str, Any]) -> Profile:
    entries, labels = data["examples"], data["labels"]
    if not isinstance(entries, list) or len(entries) > MOST_EXAMPLES * MOST_LABELS:
        raise ValueError("its examples should be a list of at most a thousand")
    if not isinstance(labels, list) or not all(isinstance(one, str) for one in labels):
        raise ValueError("its labels should be a list of names")
    examples = [
        Example(str(one["label"]), _unpacked(one["point"]), str(one.get("name", "")))
        for one in entries
    ]
    framing = _framing(data["framing"], examples) if "framing" in data else None
    made = str(data.get("made", ""))
    return Profile(tuple(examples), tuple(labels), str(data["model"]), made, framing)


def _framing(data: dict[str, Any], examples: Sequence[Example]) -> Framing:
    directions = np.stack([_unpacked(one) for one in data["directions"]])
    if not examples or directions.shape[1] != len(examples[0].point):
        raise ValueError("its framing should be as long as its points")
    if not isinstance(data["examples"], int):
        raise ValueError("its framing should say of how many examples it is")
    return Framing(directions, data["examples"])


def _packed(point: FloatArray) -> str:
    halves = np.clip(point, -_LARGEST, _LARGEST).astype("<f2")
    return base64.b64encode(halves.tobytes()).decode("ascii")


def _unpacked(text: str) -> FloatArray:
    point = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
    if not 0 < len(point) <= _MOST_DIMS:
        raise ValueError(f"a point should have up to {_MOST_DIMS} numbers, has {len(point)}")
    return point
