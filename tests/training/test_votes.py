from __future__ import annotations

import numpy as np
import pytest

from emocam.errors import DatasetError, UsageError
from emocam.training.faces import Faces
from emocam.training.votes import match_votes, read_votes, remarks, soft_targets

LABELS = ("angry", "happy", "neutral")
TABLE = """Usage,Image name,neutral,happiness,anger,contempt,NF
Training,1.png,4,0,6,0,0
Training,2.png,0,0,0,3,7
Test,3.png,1,1,0,8,0
Test,5.png,5,5,0,0,0
,,0,0,0,0,10
"""


@pytest.fixture
def csv(tmp_path):
    def write(text: str):
        path = tmp_path / "votes.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def faces(*names: str) -> Faces:
    return Faces(
        np.zeros((len(names), 8, 8), np.uint8), np.zeros(len(names), np.int64), LABELS, names
    )


def test_votes_are_shares_of_the_labels_and_the_label_where_there_are_none(csv):
    table = read_votes(csv(TABLE))
    votes = match_votes(
        table, faces("train/angry/1.png", "train/angry/2.png", "3.png", "4.png", "5.png")
    )
    assert votes.shares == pytest.approx(
        np.array([[0.6, 0, 0.4], [1, 0, 0], [0, 0.5, 0.5], [1, 0, 0], [0, 0.5, 0.5]])
    )
    assert votes.known.tolist() == [True, False, True, False, True]
    assert votes.majority.tolist() == [0, -1, -1, -1, -1]
    assert votes.agreement[:3] == pytest.approx([0.6, 0.7, 0.8])
    assert np.isnan(votes.agreement[3])


def test_what_was_left_out_is_told(csv):
    table = read_votes(csv(TABLE + "Test,3.png,2,0,0,0,0\n"))
    told = remarks(table, LABELS)
    assert [text.split(": ", 1)[1] for text in told] == [
        "no label is called contempt, NF: left out",
        "no counts in Usage: left out",
        "1 rows without a picture's name left out",
        "1 pictures stand there twice or more: votes added",
    ]
    assert table.counts["3.png"].tolist() == [3, 1, 0, 8, 0]


def test_names_with_folders_tell_pictures_of_one_name_apart(csv):
    head = "file,angry,happy,neutral\n"
    pictures = faces("train/angry/1.png", "train/happy/1.png")
    table = read_votes(csv(head + "angry/1.png,3,0,0\nhappy/1.png,0,2,0\n"))
    assert match_votes(table, pictures).majority.tolist() == [0, 1]
    with pytest.raises(DatasetError, match=r"several pictures are called 1\.png: write their fol"):
        match_votes(read_votes(csv(head + "1.png,3,0,0\n")), pictures)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty or not a table of text"),
        ("angry,happy,neutral\n1,2,3\n", "one column with the picture's name"),
        ("image,path,angry\n1,1,3\n", "one column with the picture's name"),
        ("image,angry,happy,neutral\n", "has no column of counts"),
        ("image,angry,happy,neutral\n1.png,1,2\n", "row 2: 3 cells, 4 expected"),
        ("image,angry,happy,neutral\n1.png,1,2,0\n2.png,1,x,0\n", "row 3, happy: .* got 'x'"),
        ("image,angry,happy,neutral\n1.png,1,-2,0\n", "row 2, happy: .* got '-2'"),
        ("image,angry,happy,neutral\n1.png,1,inf,0\n", "row 2, happy: .* got 'inf'"),
        ("image,angry,happy\n1.png,1,2\n", "for the label 'neutral', has none"),
        ("image,angry,anger,happy,neutral\n1.png,1,2,0,0\n", "'angry', has angry, anger"),
        ("image,angry,happy,neutral\n9.png,1,2,0\n", "no votes for any of the 1 pictures"),
        ("image,angry,happy,neutral\n1.png,0,0,0\n", "no votes for any of the 1 pictures"),
    ],
)
def test_tables_that_are_none(csv, text, message):
    with pytest.raises(DatasetError, match=message):
        match_votes(read_votes(csv(text)), faces("1.png"))


def test_a_picture_is_no_table_and_no_file_is_none(tmp_path):
    (tmp_path / "votes.csv").write_bytes(b"\xff\xd8\xff\x00\x9c")
    with pytest.raises(DatasetError, match="not a table of text"):
        read_votes(tmp_path / "votes.csv")
    with pytest.raises(UsageError, match="there is no table of votes"):
        read_votes(tmp_path / "none.csv")


def test_targets_lie_between_label_and_votes():
    one = faces("1.png")
    assert soft_targets(one, 0.5).tolist() == [[1, 0, 0]]
    voted = Faces(
        one.images, one.targets, LABELS, one.names, votes=np.array([[0, 0.2, 0.8]], np.float32)
    )
    assert soft_targets(voted, 0.0).tolist() == [[1, 0, 0]]
    assert soft_targets(voted, 0.25)[0] == pytest.approx([0.75, 0.05, 0.2])
    assert soft_targets(voted, 1.0)[0] == pytest.approx([0, 0.2, 0.8])
    assert voted.take(np.array([0, 0])).votes.shape == (2, 3)
    assert voted.digest() != one.digest()
