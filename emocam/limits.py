"""What the system lets this process have: too little of it ends in a line, not in a crash.

Libraries below Python don't check: with little address space OpenBLAS dies of a segmentation
fault while it loads, and a worker process that gets no file handle prints a traceback of its own.
"""

from __future__ import annotations

import errno
import os

from emocam.errors import SetupError

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

_FILES = 64
_ADDRESS_SPACE_MB = 1000  # 900 were enough on 2 cores, 700 were not
_MB_A_CORE = 40  # OpenBLAS reserves so much for each thread


def check_limits() -> None:
    """Raise SetupError when this process may have too few open files or too little memory."""
    check_open_files(_FILES)
    if resource is None:
        return
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    needed_mb = _ADDRESS_SPACE_MB + _MB_A_CORE * max(0, (os.cpu_count() or 2) - 2)
    if 0 <= allowed < needed_mb << 20:
        raise SetupError(
            f"this process may have {allowed >> 20} MB of address space, about {needed_mb} MB "
            "are needed: ulimit -v unlimited"
        )


def check_open_files(needed: int) -> None:
    """Raise SetupError when fewer files than this may be open at once."""
    if resource is None:
        return
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= allowed < needed:
        can_raise = most < 0 or most >= needed
        mend = f"ulimit -n {needed}" if can_raise else "ask for more where the limit is set"
        raise SetupError(f"{allowed} files may be open at once, {needed} are needed: {mend}")


def shortage(error: BaseException) -> str:
    """What ran short, where that is what an unexpected error means; empty otherwise."""
    if isinstance(error, MemoryError):
        return "not enough memory: close other programs, or give it smaller pictures"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many files are open (ulimit -n says how many may be)"
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return "not enough memory: close other programs"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "no space is left where standard output or TMPDIR goes to: make room there"
    return ""
