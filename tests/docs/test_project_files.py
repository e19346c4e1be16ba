"""What stands beside the package agrees with it."""

from __future__ import annotations

import re

from emocam import __version__
from tests.docs.pages import ROOT


def test_the_citation_names_this_version() -> None:
    found = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert found is not None
    assert found[1] == __version__


def test_the_workflow_runs_what_ci_runs_on_all_systems_and_pythons() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert "run: .ci/run" in workflow
    for system in ("ubuntu", "macos", "windows"):
        assert f"{system}-latest" in workflow
    for minor in range(10, 15):
        assert f'"3.{minor}"' in workflow


def test_ci_runs_the_readmes_two_commands() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("pip install . && emocam video samples/webcam.mp4",
                    'pip install ".[test]" && pytest'):  # fmt: skip
        assert command in readme
        assert command.replace("install", "install -q") in script
