"""The contact sheet: what it holds, in which order, and where it links."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.label import gallery
from emocam.label.gallery import GalleryFace, cut_face, write_gallery

LABELS = ("happy", "<i>sad</i>")


def face(emotion: str = "happy", address: str = "/a/b.jpg") -> GalleryFace:
    return GalleryFace(emotion, address, 0.75, b"jpeg")


def test_a_face_is_cut_out_square_with_a_margin_also_at_the_edge() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[:, :100] = (0, 0, 255)
    for box in ((0, 0, 80, 100), (240, 120, 300, 200), (10, 10, 12, 12)):
        cut = cv2.imdecode(np.frombuffer(cut_face(image, box), np.uint8), cv2.IMREAD_COLOR)
        assert cut.shape == (96, 96, 3)
        is_red = cut[48, 48, 2] > 200
        assert is_red == (box[0] < 100)


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    odd = face("<i>sad</i>", '/a/"><script>alert(1)</script>.jpg')
    [path] = write_gallery(tmp_path / "g.html", [odd], 1, LABELS)
    html = path.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<i>" not in html
    assert "&lt;i&gt;sad&lt;/i&gt;" in html


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("photos/a b#1.jpg", "./photos/a%20b%231.jpg"),
        ("../up.jpg", "./../up.jpg"),
        ("javascript:x.jpg", "./javascript%3Ax.jpg"),
        ("https://h/a?b=1&c=2", "https://h/a?b=1&amp;c=2"),
        ("s3://bucket/a.jpg", None),
    ],
)
def test_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, link: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    [path] = write_gallery(Path("g.html"), [face(address=address)], 1, LABELS)
    assert re.findall(r'<li><a(?: href="([^"]*)")?', path.read_text()) == [link or ""]


def test_many_faces_go_on_on_further_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "_ON_A_PAGE", 10)
    faces = [face(address=f"/a/{number}.jpg") for number in range(25)]
    pages = write_gallery(tmp_path / "g.html", faces, 25, LABELS)
    assert [path.name for path in pages] == ["g.html", "g-2.html", "g-3.html"]
    assert [path.read_text().count("<li>") for path in pages] == [10, 10, 5]
    assert 'href="./g-2.html"' in pages[0].read_text()


def test_many_pictures_lie_in_a_folder_without_those_of_earlier_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "_EMBEDDED", 1)
    folder = tmp_path / "g-faces"
    folder.mkdir()
    (folder / "mine.jpg").write_text("mine")
    for run in ("one", "two"):
        faces = [GalleryFace("happy", "/a.jpg", 0.5, f"{run}{n % 3}".encode()) for n in range(6)]
        page, made = write_gallery(tmp_path / "g.html", faces, 6, LABELS)
        assert made == folder
    sources = re.findall(r'src="\./g-faces/([^"]*)"', page.read_text())
    assert len(sources) == 6
    kept = {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(kept.values()) == ["mine", "two0", "two1", "two2"]
    assert set(sources) == kept.keys() - {"mine.jpg"}


def test_no_faces_is_said(tmp_path: Path) -> None:
    [path] = write_gallery(tmp_path / "g.html", [], 0, LABELS)
    assert "No faces were found." in path.read_text()


def test_the_page_says_what_apparent_expression_is_not(tmp_path: Path) -> None:
    [path] = write_gallery(tmp_path / "g.html", [face("sad", "a.jpg")], 1, LABELS)
    assert "It is not what a person feels" in path.read_text(encoding="utf-8")
