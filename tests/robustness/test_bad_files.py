"""Every bad input: the exit code, one plain line, and nothing else changed."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import run
from tests.conftest import write_dataset
from tests.robustness.bad_files import CASES, Case
from tests.robustness.bad_photos import PHOTO
from tests.robustness.clips import make_clip
from tests.robustness.test_bad_photos import contents

RESULTS = ("out", "emocam-output", "labels.csv")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo, a clip and a data set without a fault."""
    folder = tmp_path_factory.mktemp("good")
    shutil.copy(PHOTO, folder)
    make_clip(folder / "good.mp4", 10)
    write_dataset(folder / "set", ("happy", "sad"), 2)
    return folder


@pytest.fixture
def place(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shutil.copytree(good, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(capsys, place: Path, in_this_process: None, case: Case) -> None:
    if "--scheduler" in case.command:
        pytest.importorskip("distributed")
    case.make(place)
    before = contents(place)
    code, _, err = run(capsys, *shlex.split(case.command))
    assert code == case.code, err
    lines = err.splitlines()
    assert all(line.startswith("emocam: ") for line in lines), err
    assert len(lines) == 1 or code == 0 or " 0 faces" in err or len(case.words) > 1, err
    assert all(word in err for word in case.words), err
    assert "unexpected" not in err
    after = contents(place)
    made = {path for path in after if Path(path).relative_to(place).parts[0].startswith(RESULTS)}
    assert {path: after[path] for path in after if path not in made - set(before)} == before
    assert not [path for path in after if ".partial" in path]
    assert not Path("ran-from-a-file").exists()
