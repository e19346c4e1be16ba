from __future__ import annotations

import json
import os
import pickle
import struct

import numpy as np
import pytest

from emocam.errors import ModelError, OutputError, UsageError
from emocam.recognition.model_file import (
    DEFAULT_MODEL,
    ModelFile,
    find_model,
    load_model_file,
    save_model_file,
)
from emocam.recognition.recognizer import EmotionRecognizer

CARD = {"recipe": "pixels", "labels": ["glad", "grim"], "size": 8}

CARD_HEADER = {"__metadata__": {"emocam": json.dumps({"format_version": 2, **CARD})}}


def arrays(**changed):
    made = {
        "mean": np.zeros(64, np.float32),
        "scale": np.ones(64, np.float32),
        "centers": np.eye(2, 64, dtype=np.float32),
        "cluster_probabilities": np.array([[0.9, 0.1], [0.2, 0.8]], np.float32),
    }
    return {**made, **changed}


def save_raw(path, header, data=b""):
    """A safetensors file with a header of one's own."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def test_what_is_saved_is_loaded(path):
    save_model_file(path, ModelFile(CARD, arrays()))
    file = load_model_file(path)
    assert file.labels == ("glad", "grim")
    assert file.card["format_version"] == 2
    assert np.array_equal(file.array("centers", (None, 64)), arrays()["centers"])
    assert EmotionRecognizer.load(path).labels == ("glad", "grim")


class Runs:
    def __reduce__(self):
        return os.mkdir, ("ran-from-a-model",)


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"\xff" * 500, pickle.dumps(Runs()), b"PK\x03\x04" + bytes(100)],
    ids=["empty", "short", "noise", "pickle", "zip"],
)
def test_what_is_no_model_is_refused_and_never_run(path, content, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not a model"):
        load_model_file(path)
    assert not (tmp_path / "ran-from-a-model").exists()


@pytest.mark.parametrize("cut", [9, 100, 600, 900])
def test_a_model_cut_short_is_refused(path, cut):
    save_model_file(path, ModelFile(CARD, arrays()))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ModelError, match="is not a model"):
        load_model_file(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [64], "data_offsets": [0, 1 << 40]},
        {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 256]},
        {"dtype": "O", "shape": [64], "data_offsets": [0, 256]},
        {"dtype": "F32", "shape": [-64], "data_offsets": [0, 256]},
    ],
    ids=["offset beyond the end", "shape beyond the data", "object type", "negative"],
)
def test_a_header_that_lies_is_refused(path, entry):
    card = json.dumps({"format_version": 2, **CARD})
    save_raw(path, {"__metadata__": {"emocam": card}, "mean": entry}, bytes(256))
    with pytest.raises(ModelError, match="is not a model"):
        load_model_file(path)


F32 = {"dtype": "F32", "shape": [64]}


def test_arrays_that_share_their_bytes_are_refused(path):
    entries = {
        "mean": {**F32, "data_offsets": [0, 256]},
        "scale": {**F32, "data_offsets": [0, 256]},
    }
    save_raw(path, {**entries, **CARD_HEADER}, bytes(256))
    with pytest.raises(ModelError, match="is not a model"):
        load_model_file(path)


def test_a_header_of_a_gigabyte_is_refused_without_being_read(path):
    path.write_bytes(struct.pack("<Q", 1 << 30) + b"{" + bytes(100))
    os.truncate(path, (1 << 30) + 8)  # a file with a hole: it takes no room
    with pytest.raises(ModelError, match=r"is not a model|at most"):
        load_model_file(path)


def test_an_array_of_a_terabyte_that_takes_no_room_on_disk_is_refused(path):
    lots = 1 << 38
    entry = {"dtype": "F32", "shape": [lots], "data_offsets": [0, 4 * lots]}
    save_raw(path, {"mean": entry, **CARD_HEADER})
    os.truncate(path, path.stat().st_size + 4 * lots)
    with pytest.raises(ModelError, match="at most 1024"):
        load_model_file(path)


def test_a_card_nested_without_end_is_refused(path):
    save_raw(path, {"__metadata__": {"emocam": "[" * 200_000}})
    with pytest.raises(ModelError, match="no model card"):
        load_model_file(path)


@pytest.mark.parametrize("metadata", [None, {}, {"emocam": "not json"}])
def test_a_file_without_a_card_is_refused(path, metadata):
    save_raw(path, {"__metadata__": metadata} if metadata is not None else {})
    with pytest.raises(ModelError, match="no model card"):
        load_model_file(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format_version": 99}, "format version 99, this emocam reads 2"),
        ({"labels": ["glad"]}, "two or more"),
        ({"labels": ["glad", "glad"]}, "two or more different"),
        ({"labels": ["glad", 3]}, "should be text"),
        ({"labels": "glad"}, "lacks 'labels'"),
        ({"size": 4}, "8 to 1024, is 4"),
        ({"size": 10**9}, "8 to 1024"),
        ({"size": "48"}, "lacks 'size'"),
        ({"recipe": None}, "lacks 'recipe'"),
    ],
)
def test_a_card_that_does_not_fit_says_what_is_wrong(path, changed, message):
    card = json.dumps({"format_version": 2, **CARD, **changed})
    save_raw(path, {"__metadata__": {"emocam": card}})
    with pytest.raises(ModelError, match=message):
        load_model_file(path)


def test_a_card_that_is_no_object_is_refused(path):
    save_raw(path, {"__metadata__": {"emocam": "[1]"}})
    with pytest.raises(ModelError, match="JSON object"):
        load_model_file(path)


def _damaged(name, index, value):
    array = arrays()[name].copy()
    array[index] = value
    return {name: array}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"mean": np.zeros(63, np.float32)}, "'mean' should be 64, it is 63"),
        ({"centers": np.zeros((2, 2, 16), np.float32)}, "'centers' should be any×64"),
        ({"cluster_probabilities": np.ones((2, 3), np.float32)}, "should be 2×2, it is 2×3"),
        (_damaged("centers", (0, 0), np.nan), "'centers' holds numbers that are not finite"),
        (_damaged("scale", 3, np.inf), "'scale' holds numbers that are not finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(path, changed, message):
    save_model_file(path, ModelFile(CARD, arrays(**changed)))
    with pytest.raises(ModelError, match=message):
        EmotionRecognizer.load(path)


def test_a_missing_array_is_named(path):
    made = arrays()
    del made["scale"]
    save_model_file(path, ModelFile(CARD, made))
    with pytest.raises(ModelError, match="lacks the array 'scale'"):
        EmotionRecognizer.load(path)


def test_a_recipe_that_is_not_known_is_named(path):
    save_model_file(path, ModelFile({**CARD, "recipe": "magic"}, arrays()))
    with pytest.raises(ModelError, match="recipe 'magic' is none of: "):
        EmotionRecognizer.load(path)


def test_models_are_found_by_name_and_by_path(path):
    assert find_model().stem == DEFAULT_MODEL
    assert find_model("pixels").name == "pixels.safetensors"
    save_model_file(path, ModelFile(CARD, arrays()))
    assert find_model(path) == path
    with pytest.raises(UsageError, match=r"no model 'nope': .* pixels"):
        find_model("nope")


def test_others_may_read_a_model_as_they_may_any_new_file(path):
    other = path.with_name("other")
    other.touch()
    save_model_file(path, ModelFile(CARD, arrays()))
    assert path.stat().st_mode == other.stat().st_mode


def test_a_model_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_model_file(tmp_path / "file" / "model.safetensors", ModelFile(CARD, arrays()))
