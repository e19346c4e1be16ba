"""Defaults of options from an `emocam.toml`, found upward from the working folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from emocam.errors import EmocamError, UsageError, reason_of

FILE_NAME = "emocam.toml"


@dataclass(frozen=True)
class Settings:
    """What an `emocam.toml` sets."""

    path: str | None = None  # the file, as seen from the working folder; None where there is none
    # For each command its parameters' values, as Click's `default_map` takes them
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fault: str = ""  # why the file can't be used; empty where it can

    def told(self, command: str) -> str:
        """One line on what a command gets from the file; nothing where it gets nothing."""
        names = ", ".join(name.replace("_", "-") for name in self.defaults.get(command, ()))
        return f"defaults from {self.path}: {names}" if names else ""


def load_settings(folder: Path, load_commands: Callable[[], Mapping[str, Any]]) -> Settings:
    """Read the nearest `emocam.toml` of a folder and those above it.

    Parameters
    ----------
    folder
        Where to begin.
    load_commands
        Gives Click's commands by name, called where there is a file: keys are checked against
        their options, values when they run.
    """
    path = find_settings(folder)
    if path is None:
        return Settings()
    shown = os.path.relpath(path, folder)
    try:
        return Settings(shown, _defaults(_parse(path), path.parent, load_commands()))
    except EmocamError as error:
        return Settings(shown, fault=f"{shown}: {error}")


def find_settings(folder: Path) -> Path | None:
    """The nearest `emocam.toml` of a folder and those above it."""
    folder = folder.absolute()
    files = (above / FILE_NAME for above in (folder, *folder.parents))
    return next((file for file in files if file.is_file()), None)


def _parse(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):  # here, as most commands find no such file
        import tomllib
    else:
        import tomli as tomllib
    try:
        parsed: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # TOML's errors and UTF-8's are ValueErrors
        raise UsageError(f"can't be read: {reason_of(error)}") from None
    return parsed


def _defaults(
    content: Mapping[str, Any], folder: Path, commands: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, key, value in _entries(content, commands):
        parameter = _parameters(commands[name])[_plain(key)]
        converted = _check(parameter, key, value)
        if isinstance(converted, str) and _is_path(commands[name], parameter, folder / converted):
            converted = str(folder / converted)
        found.setdefault(name, {})[parameter.name] = converted
    return found


def _entries(
    content: Mapping[str, Any], commands: Mapping[str, Any]
) -> Iterator[tuple[str, str, Any]]:
    """Command, key and value; keys of all commands come first, so that a command's own win."""
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    for key, value in content.items():
        if key in tables:
            continue
        takers = [name for name in commands if _plain(key) in _parameters(commands[name])]
        if not takers:
            raise UsageError(f"no command has an option '{key}'")
        yield from ((name, key, value) for name in takers)
    for name, table in tables.items():
        if name not in commands:
            raise UsageError(f"[{name}] is no command; commands are {', '.join(commands)}")
        known = _parameters(commands[name])
        for key, value in table.items():
            if _plain(key) not in known:
                options = ", ".join(option.replace("_", "-") for option in known)
                raise UsageError(f"[{name}] has no '{key}'; it has {options}")
            yield name, key, value


def _parameters(command: Any) -> dict[str, Any]:
    """A command's options, and arguments that may be left out, by their names on a line."""
    names = {_plain(max(one.opts, key=len).lstrip("-")): one for one in command.params}
    return {name: one for name, one in names.items() if not (one.required or name == "help")}


def _plain(key: str) -> str:
    return key.replace("-", "_")


def _check(parameter: Any, key: str, value: Any) -> bool | str | list[str]:
    """The value as a command line would give it; a list where several may be given."""
    if parameter.nargs == -1 or getattr(parameter, "multiple", False):
        several = value if isinstance(value, list) else [value]
        return [_scalar(key, one) for one in several]
    if getattr(parameter, "is_flag", False):
        if isinstance(value, bool):
            return value
        raise UsageError(f"{key} should be true or false, got {value!r}")
    return _scalar(key, value)


def _scalar(key: str, value: Any) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise UsageError(f"{key} should be a text or a number, got {value!r}")


def _is_path(command: Any, parameter: Any, path: Path) -> bool:
    """Whether a parameter takes a path, which is seen from the settings' folder then."""
    if parameter.name == "model":  # the name of a carried model, or a path
        return path.is_file()
    return "Path" in str(get_type_hints(command.callback).get(parameter.name))
