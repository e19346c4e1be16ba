"""Signals that come while modules are imported: the exit code is the command's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SAMPLES
from tests.waiting import WAIT_S

if sys.platform == "win32":
    pytest.skip("signals of Unix", allow_module_level=True)

# What `dataclass` and `namedtuple` do: they run code that is given as text.
_RUNS_TEXT = """exec("import os, signal, time; os.kill(os.getpid(), signal.{}); time.sleep(9)")"""


def explain_with(folder: Path, module: str, text: str) -> subprocess.CompletedProcess[str]:
    """A command that imports this in the place of the module."""
    (folder / f"{module}.py").write_text(text)
    path = os.pathsep.join([str(folder), str(SAMPLES.parent)])
    return subprocess.run(
        [sys.executable, "-m", "emocam", "explain", SAMPLES / "photos" / "obama.jpg"],
        cwd=folder, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=WAIT_S, check=False,
        # A shell that runs the tests in the background has them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("module", "number", "code"),
    [("cv2", "SIGINT", 130), ("cv2", "SIGTERM", 143), ("typer", "SIGINT", 130)],
)
def test_a_signal_amid_an_import_ends_in_its_exit_code_and_no_traceback(
    tmp_path: Path, module: str, number: str, code: int
) -> None:
    done = explain_with(tmp_path, module, _RUNS_TEXT.format(number))
    assert done.stderr == ""
    assert done.returncode == code


# As a module in C does whose initialization is interrupted, or what it leaves half made.
_FAILS = """
import atexit, os, signal
atexit.register(os.abort)
try:
    os.kill(os.getpid(), signal.{})
    for _ in range(1000): pass
except KeyboardInterrupt:
    raise ImportError("initialization failed") from None
"""


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_module_that_fails_when_its_import_is_interrupted_is_no_error(
    tmp_path: Path, number: str, code: int
) -> None:
    done = explain_with(tmp_path, "cv2", _FAILS.format(number))
    assert done.stderr == "emocam: stopped\n"
    assert done.returncode == code


# Python prints what is raised in a finalizer, and goes on.
_FORGETS = """
import os, signal, time
class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.{})
        time.sleep(9)
Finalized()
for _ in range(900): time.sleep(0.01)
"""


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_that_falls_into_a_finalizer_is_not_lost(
    tmp_path: Path, number: str, code: int
) -> None:
    done = explain_with(tmp_path, "cv2", _FORGETS.format(number))
    assert done.stderr == ""
    assert done.returncode == code
