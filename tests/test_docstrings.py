"""Docstrings of the public API are numpydoc in full."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import pytest

import emocam

# scikit-learn adds these, which document themselves.
INHERITED = ("set_", "get_", "score")


def public_calls() -> Iterator[tuple[str, Callable[..., object]]]:
    for name in emocam.__all__:
        one = getattr(emocam, name)
        if inspect.isfunction(one):
            yield name, one
        elif inspect.isclass(one):
            for key, value in vars(one).items():
                call = value.__func__ if isinstance(value, classmethod) else value
                if inspect.isfunction(call) and not key.startswith(("_", *INHERITED)):
                    yield f"{name}.{key}", call


CALLS = dict(public_calls())


def section(doc: str, *names: str) -> str:
    """Text of the first of these sections; empty without any."""
    found = re.search(rf"^(?:{'|'.join(names)})\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", doc, re.M | re.S)
    return found[1] if found else ""


@pytest.mark.parametrize("name", CALLS)
def test_parameters_and_results_are_documented(name: str) -> None:
    doc, signature = inspect.getdoc(CALLS[name]) or "", inspect.signature(CALLS[name])
    documented = {
        one.strip() for line in re.findall(r"^\S.*$", section(doc, "Parameters"), re.M)
        for one in line.split(",")
    }  # fmt: skip
    wanted = {key for key in signature.parameters if key not in ("self", "cls")}
    assert documented == wanted
    if signature.return_annotation not in (None, "None"):
        assert section(doc, "Returns", "Yields")
