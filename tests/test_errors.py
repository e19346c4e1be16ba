from __future__ import annotations

import inspect
import pickle

import pytest

from emocam import errors


def test_every_error_is_an_emocam_error_with_an_exit_code():
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(found) == 9
    for kind in found:
        assert issubclass(kind, errors.EmocamError)
        assert kind.exit_code == (2 if kind is errors.UsageError else 1)


@pytest.mark.parametrize(
    "kind",
    [errors.SourceError, errors.PictureError, errors.DatasetError, errors.ModelError],
)
def test_what_an_input_can_do_wrong_is_an_input_error(kind):
    assert issubclass(kind, errors.InputError)


def test_a_picture_error_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(errors.PictureError("truncated", "it ends early")))
    assert (error.status, str(error)) == ("truncated", "it ends early")


def test_a_reason_is_told_without_the_number_of_its_kind():
    assert errors.reason_of(BrokenPipeError(32, "Broken pipe")) == "Broken pipe"
    assert errors.reason_of(OSError(2, "No such file", "a b")) == "No such file: 'a b'"
    assert errors.reason_of(ValueError()) == "ValueError"
