"""Too little of something is said in one line, whatever dies below Python."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from emocam.limits import shortage
from tests.conftest import SAMPLES
from tests.waiting import WAIT_S

resource = pytest.importorskip("resource")


def label(tmp_path, kind: int, limit: int, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emocam", "label", SAMPLES / "photos", "-o", "t.csv", *more],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SAMPLES.parent)},
        preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("kind", "limit", "more", "words"),
    [
        ("RLIMIT_NOFILE", 20, (), ["20 files may be open", "64 are needed"]),
        ("RLIMIT_NOFILE", 64, ("--jobs", "3"), ["64 files may be open", "80 are needed"]),
        ("RLIMIT_AS", 600_000 << 10, (), ["585 MB of address space", "ulimit -v"]),
    ],
)
def test_a_low_limit_is_one_line_and_no_crash(tmp_path, kind, limit, more, words):
    done = label(tmp_path, getattr(resource, kind), limit, *more)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words)
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(errno.EMFILE, "x"), "too many files"),
        (OSError(errno.ENOMEM, "x"), "not enough memory"),
        (OSError(errno.ENOSPC, "x"), "no space"),
        (OSError(errno.EIO, "x"), ""),
        (ValueError(), ""),
    ],
)
def test_what_ran_short_gets_a_name(error, word):
    assert word in shortage(error)
    assert bool(shortage(error)) == bool(word)
