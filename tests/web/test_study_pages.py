"""The pages of `dataset`, `compare` and `evaluate` in a real browser, wide and on a phone."""

from __future__ import annotations

import pytest

from tests.cli.test_commands import run

pytestmark = pytest.mark.web


@pytest.fixture
def pages(capsys, three_labels, tmp_path):
    model = tmp_path / "model.safetensors"
    run(capsys, "train", three_labels, "--recipe", "pixels", "--size", 16, "-o", model)
    made = {}
    for command in ("dataset", "compare", "evaluate"):
        made[command] = tmp_path / f"{command}.html"
        chosen = [] if command == "dataset" else ["--model", model]
        code, _, err = run(capsys, command, three_labels, *chosen, "--report", made[command])
        assert (code, err) == (0, "")
    return made


def test_every_figure_is_seen_and_nothing_is_complained_of(browser, pages):
    for command, page in pages.items():
        for width in (1280, 500):  # headless Chromium's windows are no narrower
            browser.set_window_size(width, 900)
            browser.get(page.as_uri())
            images = browser.execute_script(
                "return [...document.images].map(i => [i.complete && i.naturalWidth > 0,"
                " i.closest('figure').getBoundingClientRect().width, i.alt])"
            )
            assert images
            for decoded, shown_width, alt in images:
                assert decoded, (command, alt)
                assert 100 < shown_width <= width
                assert len(alt) > 10
            wide, inner = browser.execute_script(
                "return [document.documentElement.scrollWidth, window.innerWidth]"
            )
            assert wide <= inner, (command, width)
        assert browser.get_log("browser") == []
        fetched = browser.execute_script(
            "return performance.getEntriesByType('resource').map(e => e.name)"
            ".filter(name => !name.startsWith('data:'))"
        )
        assert fetched == []
