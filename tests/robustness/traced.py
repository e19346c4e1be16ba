"""What a command writes and whom it speaks to, as the kernel tells (strace): also from C code.

`test_traced.py` runs each command so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

CALLS = (
    "openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,"
    "symlinkat,truncate,connect,sendto,sendmsg,sendmmsg,bind"
)
STRACE = ["strace", "-f", "-y", "-qq", "--seccomp-bpf", "-e", f"trace={CALLS}", "-o"]
_CALL = re.compile(r"^\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")
_PATH = re.compile(r'(?:AT_FDCWD|-?\d+)<([^>]*)>, "((?:[^"\\]|\\.)*)"|"((?:[^"\\]|\\.)*)"')
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")
_SOCKETS = ("connect", "sendto", "sendmsg", "sendmmsg", "bind")
_INTERNET = re.compile(r'inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"')


class Traced(NamedTuple):
    """Places that were written, made or taken away, and addresses of the internet."""

    places: set[Path]
    addresses: set[str]


def read_trace(lines: Iterable[str], folder: Path) -> Traced:
    """What the calls that succeeded did; relative places are below `folder` unless they say."""
    places, addresses = set[Path](), set[str]()
    for line in lines:
        found = _CALL.match(line)
        if found is None:
            continue
        call, arguments, result = found.groups()
        if call in _SOCKETS:
            # Also those that failed: a packet may have left before.
            addresses |= {one or other for one, other in _INTERNET.findall(arguments)}
        elif not result.startswith("-") and _is_change(call, arguments):
            named = [folder / base / (name or alone) for base, name, alone in _paths(arguments)]
            places |= set(named[-1:] if "link" in call and "un" not in call else named)
    return Traced(places, addresses)


def _is_change(call: str, arguments: str) -> bool:
    return not call.startswith("open") or any(flag in arguments for flag in _WRITES)


def _paths(arguments: str) -> list[tuple[str, str, str]]:
    return _PATH.findall(arguments)
