"""Model files: named arrays in safetensors, with the model card as JSON in the header.

Reading it runs no code (https://github.com/huggingface/safetensors), and no version of
scikit-learn is needed for it.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from safetensors import SafetensorError, safe_open

from emocam.errors import ModelError, UsageError
from emocam.output import complete_file

if TYPE_CHECKING:
    import numpy.typing as npt

FORMAT_VERSION = 2
DEFAULT_MODEL = "words"
_CARD_KEYS = {"format_version": int, "recipe": str, "labels": list, "size": int}
_MAX_SIZE = 1024
_MAX_HEADER_BYTES = 100_000_000  # as the format itself has it
_MAX_BYTES = 1 << 30  # the default model has 19 MB

# NumPy is imported where arrays are made: a card is read, and a file hashed, without.
Arrays: TypeAlias = "Mapping[str, npt.NDArray[Any]]"


@dataclass(frozen=True, eq=False)
class ModelFile:
    """The content of a model file: its card and its named arrays."""

    # The model card: `format_version`, `recipe`, `labels` in order, `size` of the training format
    # in pixels, data counts and hash, versions, figures, date
    card: dict[str, Any]
    arrays: Arrays  # name to array

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.card["labels"])

    def array(self, name: str, shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
        """Array of that name, checked.

        Parameters
        ----------
        name
            Name in the file.
        shape
            Expected length of each axis; None leaves an axis free.

        Raises
        ------
        ModelError
            When it is absent, of another shape, or holds a number that is not finite.
        """
        import numpy as np

        if name not in self.arrays:
            raise ModelError(f"the model lacks the array '{name}': train it anew")
        array = self.arrays[name]
        fits = len(array.shape) == len(shape) and all(
            want is None or want == have for want, have in zip(shape, array.shape, strict=True)
        )
        if not fits:
            wanted = "×".join("any" if want is None else str(want) for want in shape)
            came = "×".join(str(have) for have in array.shape)
            raise ModelError(f"the model's array '{name}' should be {wanted}, it is {came}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelError(f"the model's array '{name}' holds numbers that are not finite")
        return array


def find_model(model: str | Path | None = None) -> Path:
    """Path of a model: a file, the name of one that emocam carries, or the default.

    Raises
    ------
    UsageError
        When there is no such model.
    """
    name = str(model or DEFAULT_MODEL)
    carried = [folder / f"{name}.safetensors" for folder in _model_folders()]
    for path in (Path(name), *carried):
        if path.is_file():
            return path
    known = sorted(
        {file.stem for folder in _model_folders() for file in folder.glob("*.safetensors")}
    )
    raise UsageError(
        f"no model '{name}': give a .safetensors file that 'emocam train' made, "
        f"or one of: {', '.join(known) or '(none carried)'}"
    )


def _model_folders() -> tuple[Path, Path]:
    package = Path(__file__).resolve().parent.parent
    return package / "models", package.parent / "models"  # in the wheel; in a checkout


def model_hash(model: str | Path | None = None) -> str:
    """SHA-256 of a model file, as hexadecimal digits: what was made with it can name it.

    Parameters
    ----------
    model
        As for `find_model`.

    Raises
    ------
    UsageError
        When there is no such model.
    """
    hashed = hashlib.sha256()
    with find_model(model).open("rb") as file:
        while piece := file.read(1 << 20):
            hashed.update(piece)
    return hashed.hexdigest()


def load_model_card(path: str | Path) -> dict[str, Any]:
    """Read the card of a model file alone, without its arrays.

    Raises
    ------
    ModelError
        As for `load_model_file`.
    """
    path = Path(path)
    try:
        header = _header(path)
    except (OSError, ValueError, RecursionError, struct.error) as error:
        raise ModelError(f"{path} is not a model that 'emocam train' made: {error}") from error
    return _checked_card(path, header.get("__metadata__"))


def _header(path: Path) -> dict[str, Any]:
    """The JSON that a safetensors file begins with: its length in eight bytes, and then itself."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _MAX_HEADER_BYTES:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("a header that is no JSON object")
    return header


def load_model_file(path: str | Path) -> ModelFile:
    """Read a model file; nothing in it can run.

    Raises
    ------
    ModelError
        When it is no safetensors file, has no readable card, or is of another format version.
    """
    path = Path(path)
    try:
        _check_bytes(path)
        with safe_open(path, framework="numpy") as file:
            card = _checked_card(path, file.metadata())
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError) as error:
        raise ModelError(f"{path} is not a model that 'emocam train' made: {error}") from error
    return ModelFile(card, arrays)


def _check_bytes(path: Path) -> None:
    """A file with holes costs its sender nothing, and would fill the memory here."""
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise ModelError(f"{path} has {size >> 20} MB; a model has at most {_MAX_BYTES >> 20}")


def _checked_card(path: Path, metadata: Any) -> dict[str, Any]:
    try:
        card = json.loads(metadata["emocam"])
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} has no model card: it was not made by 'emocam train'") from error
    if not isinstance(card, dict):
        raise ModelError(f"{path}: the model card should be a JSON object")
    for key, kind in _CARD_KEYS.items():
        if not isinstance(card.get(key), kind):
            raise ModelError(f"{path}: the model card lacks '{key}' ({kind.__name__})")
    if card["format_version"] != FORMAT_VERSION:
        raise ModelError(
            f"{path} has format version {card['format_version']}, this emocam reads "
            f"{FORMAT_VERSION}: train it anew, or install the emocam that made it"
        )
    labels = card["labels"]
    if len(labels) < 2 or len(set(map(str, labels))) != len(labels):
        raise ModelError(f"{path}: the model card should name two or more different labels")
    if not all(isinstance(label, str) for label in labels):
        raise ModelError(f"{path}: the model card's labels should be text")
    if not 8 <= card["size"] <= _MAX_SIZE:
        raise ModelError(f"{path}: the training size should be 8 to {_MAX_SIZE}, is {card['size']}")
    return card


def save_model_file(path: str | Path, model: ModelFile) -> None:
    """Write a model file; it appears under its name only when complete.

    Raises
    ------
    OutputError
        When it can't be written there.
    """
    import numpy as np
    from safetensors.numpy import save

    path = Path(path)
    arrays = {name: np.ascontiguousarray(array) for name, array in model.arrays.items()}
    metadata = {"emocam": json.dumps({"format_version": FORMAT_VERSION, **model.card})}
    with complete_file(path) as temporary:
        # Safetensors' own `save_file` makes files that nobody else may read.
        temporary.write_bytes(save(arrays, metadata))
