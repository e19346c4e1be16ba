"""What the benchmarks share: timing, machine, tables, JSON.

Other programs disturb times of the clock. So what is compared runs in turns, processor time stands
beside the clock's, and medians and ratios are what is reported.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Run:
    """What a command took."""

    wall_s: float
    cpu_s: float  # of all its threads, and of all its processes on Linux
    peak_mb: float
    exit_code: int


def run(
    command: Sequence[object], *, checkout: Path = ROOT, stdout: int = subprocess.DEVNULL
) -> Run:
    """Run a command in a process of its own, with the package of a checkout.

    Python keeps what it compiled, as it does of an installed package.
    """
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "emocam-compiled")
    _adopt_orphans()
    before = _children()
    start_s = time.monotonic()
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=stdout, stderr=subprocess.DEVNULL, env=environment, cwd=checkout,
    ) as process:  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - start_s
        process.returncode = os.waitstatus_to_exitcode(status)
    usages = [usage, *_orphans(before)]
    return Run(
        wall_s,
        sum(one.ru_utime + one.ru_stime for one in usages),
        max(one.ru_maxrss for one in usages) / 1024,
        process.returncode,
    )


def _adopt_orphans() -> None:
    """Have processes that their parents leave come to this one, as prctl(2) on Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _orphans(before: set[int]) -> Iterator[Any]:
    """What each process took that was left by its parent, which ends soon after it."""
    while left := _children() - before:
        yield os.wait4(left.pop(), 0)[2]


def _children() -> set[int]:
    """Numbers of this process' children, on Linux."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(number) for task in tasks for number in task.read_text().split()}


def emocam(*arguments: object) -> list[object]:
    """The command line of emocam with these arguments."""
    return [sys.executable, "-m", "emocam", *arguments]


def timed_ms(action: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median milliseconds of computing and of the clock, after one run that doesn't count."""
    action()
    computing, clock = [], []
    for _ in range(runs):
        start_s, cpu_s = time.perf_counter(), time.process_time()
        action()
        computing.append(time.process_time() - cpu_s)
        clock.append(time.perf_counter() - start_s)
    return 1000 * median(computing), 1000 * median(clock)


def spread(values: Sequence[float]) -> str:
    """Median and the range around it."""
    return f"{median(values):.3g} ({min(values):.3g}–{max(values):.3g})"


def machine() -> dict[str, Any]:
    """What the figures come from."""
    versions = {
        name: importlib.metadata.version(name)
        for name in ("numpy", "opencv-contrib-python", "av", "scikit-learn", "pillow")
    }
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table in Markdown, as the benchmarks' pages hold it."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def write_json(path: Path | None, result: Mapping[str, Any]) -> None:
    """Write a result with the machine it comes from, where a path is given."""
    if path is not None:
        whole = {"machine": machine(), **result}
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
        print(f"\nwritten: {path}")
