from __future__ import annotations

import platform
from pathlib import Path

import pytest

from emocam.memory import give_back_memory


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory")
def test_freed_memory_goes_back_to_the_system():
    blocks = [b"x" * 100_000 for _ in range(1000)]
    kept = blocks[::50]  # what lies between pieces in use is not given back by itself
    full_mb = resident_mb()
    del blocks
    give_back_memory()
    assert full_mb - resident_mb() > 60
    assert len(kept) == 20
