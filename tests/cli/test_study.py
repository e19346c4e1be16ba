"""`emocam dataset` and `emocam compare` and their pages, on made-up faces."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest

from tests.cli.test_commands import fails_with_one_line, run
from tests.conftest import SAMPLES, write_dataset


@pytest.fixture
def trained(capsys, three_labels, tmp_path):
    model = tmp_path / "model.safetensors"
    run(capsys, "train", three_labels, "--recipe", "pixels", "--size", 16, "-o", model)
    return model


def check_page(path, *words: str) -> None:
    html = path.read_text(encoding="utf-8")
    for word in words:
        assert word in html
    for image in re.findall("<img [^>]*>", html):
        assert 'src="data:image/png;base64,' in image
        assert re.search('alt="[^"]{10,}"', image)
    assert not re.search(r'(src|href)="(?!data:)', html)


def test_dataset(capsys, three_labels, tmp_path):
    (three_labels / "train/odd/0.png").write_bytes(b"broken")
    copy = (three_labels / "train/glad/0.png").read_bytes()
    (three_labels / "test/glad/9.png").write_bytes(copy)
    page, figure, balanced = tmp_path / "x.html", tmp_path / "x.png", tmp_path / "balanced"
    code, out, err = run(
        capsys, "dataset", three_labels, "--json", "--report", page, "--figure", figure,
        "--balance-to", balanced,
    )  # fmt: skip
    assert code == 0
    assert "train/odd/0.png" in err
    found = json.loads(out)
    assert found["counts"]["train"] == {"glad": 8, "grim": 8, "odd": 7}
    assert found["counts"]["balanced"] == {"glad": 7, "grim": 7, "odd": 7}
    assert found["counts"]["test"] == {"glad": 9, "grim": 8, "odd": 8}
    assert found["duplicates"]["across_parts"] == 1
    assert found["unreadable"] == 1
    assert set(found["histogram_equalised"]) == {"share", "most"}
    check_page(page, "What the data set holds", "train/odd/0.png")
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert len(list((balanced / "train/odd").iterdir())) == 7
    again = ["dataset", three_labels, "--balance-to", balanced]
    fails_with_one_line(run(capsys, *again), 2, "--force")
    code, out, _ = run(capsys, *again, "--force", "--per-class", 2)
    assert code == 0
    assert re.search(r"^odd +7 +8 +2$", out, re.MULTILINE)


def test_an_equalised_copy_is_told(capsys, three_labels, tmp_path):
    random = np.random.default_rng(0)
    for file in three_labels.rglob("*.png"):
        gray = cv2.GaussianBlur(random.integers(0, 256, (48, 48), np.uint8), (0, 0), 2)
        cv2.imwrite(str(file), cv2.equalizeHist(gray))
    page = tmp_path / "x.html"
    code, out, _ = run(capsys, "dataset", three_labels, "--report", page)
    assert code == 0
    assert "looks histogram-equalised: in 100 % of 48 pictures" in out
    check_page(page, "Grey levels", "Looks histogram-equalised")
    code, out, _ = run(capsys, "dataset", three_labels, "--json")
    assert json.loads(out)["histogram_equalised"] == {"share": 1.0, "most": True}


def test_compare(capsys, three_labels, trained, tmp_path):
    page, figure = tmp_path / "x.html", tmp_path / "x.png"
    code, out, err = run(
        capsys, "compare", three_labels, "--model", trained, "--only", "glad,odd", "--json",
        "--report", page, "--figure", figure,
    )  # fmt: skip
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["labels"] == ["glad", "odd"]
    assert found["n"] == 16
    assert [method["accuracy"]["value"] for method in found["methods"]] == [1.0] * 7
    check_page(page, "compared", "K-Means on pixels")
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_compare_a_set_without_parts(capsys, trained, tmp_path):
    folder = write_dataset(tmp_path / "few", ("glad", "grim", "odd"), 5)
    code, out, _ = run(capsys, "compare", folder, "--model", trained)
    assert code == 0
    assert "15 faces, balanced, each tested once" in out
    assert "equally likely" in out


def test_wrong_labels_are_one_line(capsys, three_labels, trained):
    wrong = ["compare", three_labels, "--model", trained, "--only", "glad"]
    fails_with_one_line(run(capsys, *wrong), 2, "glad, grim, odd")


def test_the_evaluation_page(capsys, three_labels, trained, tmp_path):
    page = tmp_path / "x.html"
    code, _, _ = run(capsys, "evaluate", three_labels, "--model", trained, "--report", page)
    assert code == 0
    check_page(page, "Confusion matrix", "Reliability", "The clusters", "purity")
    html = page.read_text(encoding="utf-8")
    assert html.index("<img") < html.index("<table")  # a picture comes first
    assert "with right answers" in html
    assert "with wrong answers" not in html  # there are none


def test_a_model_is_known_to_have_seen_its_own_training_faces(
    capsys, three_labels, trained, tmp_path
):
    page = tmp_path / "seen.html"
    words = ["evaluate", three_labels, "--model", trained, "--report", page]
    assert "these very faces" in run(capsys, *words, "--part", "train")[2]
    assert "these very faces" in page.read_text()
    assert "these very faces" not in run(capsys, *words, "--part", "test", "--force")[2]
    assert "these very faces" not in page.read_text()


def test_explain(capsys, tmp_path):
    target = tmp_path / "why.png"
    photo = SAMPLES / "photos" / "astronaut.jpg"
    code, out, err = run(capsys, "explain", photo, "--model", "pixels", "-o", target)
    assert (code, err) == (0, "")
    assert "face 0:\n" in out
    assert "second choice" in out
    assert target.read_bytes().startswith(b"\x89PNG")
    fails_with_one_line(run(capsys, "explain", photo, "-o", target), 2, "--force")


def test_explain_of_several_faces_is_no_taller_than_a_page(capsys, tmp_path):
    photos = [cv2.imread(str(SAMPLES / f"photos/{name}.jpg")) for name in ("obama", "biden")]
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([photo[:400, :350] for photo in photos]))
    explain = ["explain", tmp_path / "two.png", "--model", "pixels", "-o", tmp_path / "two-why.png"]
    assert run(capsys, *explain)[0] == 0
    assert cv2.imread(str(tmp_path / "two-why.png")).shape[0] <= 700
    code, out, _ = run(capsys, *explain, "--face", 1, "--force")
    assert code == 0
    assert out.startswith("face 1:")
    fails_with_one_line(run(capsys, *explain, "--face", 2, "--force"), 2, "faces 0 to 1")


def test_explain_takes_a_picture_that_is_a_face_already(capsys, three_labels, trained, tmp_path):
    face = three_labels / "test/odd/0.png"
    target = tmp_path / "why.png"
    code, out, _ = run(
        capsys, "explain", face, "--model", trained, "--json", "-o", target, "--force"
    )
    assert code == 0
    (found,) = json.loads(out)
    assert found["emotion"] == "odd"


def test_explain_without_a_face_is_one_line(capsys, tmp_path):
    wide = tmp_path / "wide.png"
    wide.write_bytes(cv2.imencode(".png", np.zeros((60, 200, 3), np.uint8))[1].tobytes())
    target = tmp_path / "why.png"
    fails_with_one_line(run(capsys, "explain", wide, "-o", target), 1, "wide.png", "no face")
    wide.write_bytes(b"broken")
    fails_with_one_line(run(capsys, "explain", wide, "-o", target), 1, "wide.png")
    fails_with_one_line(run(capsys, "explain", tmp_path / "no.png", "-o", target), 2, "no.png")
    assert not target.exists()
