from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emocam.cli.options import (
    DatasetPath,
    Force,
    Votes,
    a_number,
    print_left_out,
    print_remarks,
    progress_bar,
)

if TYPE_CHECKING:
    from emocam.training.dataset import Dataset
    from emocam.training.faces import Faces


class Balance(str, Enum):
    undersample = "undersample"
    weight = "weight"
    augment = "augment"
    none = "none"


class Recipe(str, Enum):
    words = "words"
    pixels = "pixels"


def train(
    dataset: DatasetPath,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The model file to write.")
    ] = Path("model.safetensors"),
    recipe: Annotated[Recipe, typer.Option(help="What K-Means looks at.")] = Recipe.words,
    size: Annotated[
        int, typer.Option(min=8, max=1024, metavar="PIXELS", help="Side of the training format.")
    ] = 48,
    balance: Annotated[
        Balance | None,
        typer.Option(
            help="How labels of different sizes are treated: 'weight' by default, with recipe "
            "pixels 'undersample'. 'augment' adds changed copies of the rare labels' faces."
        ),
    ] = None,
    per_class: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="With undersample: pictures per label; as many as the rarest has by default.",
        ),
    ] = None,
    clusters: Annotated[
        int | None,
        typer.Option(
            min=2, metavar="NUMBER", help="Emotion clusters; as many as labels by default."
        ),
    ] = None,
    votes: Votes = None,
    votes_share: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            callback=a_number,
            metavar="NUMBER",
            help="With --votes: 0 learns only from the label, 1 only from the votes; "
            "the recipe's own mix by default.",
        ),
    ] = None,
    memory: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="Memory that training may use; with less, fewer faces are remembered.",
        ),
    ] = "6GB",
    seed: Annotated[
        int, typer.Option(min=0, metavar="NUMBER", help="The same seed makes the same model.")
    ] = 0,
    force: Force = False,
) -> None:
    """Train a model on labelled faces."""
    from emocam.errors import UsageError
    from emocam.output import check_free
    from emocam.recognition.model_file import save_model_file
    from emocam.training.balance import undersample
    from emocam.training.dataset import class_counts, open_dataset
    from emocam.training.faces import load_faces
    from emocam.training.recipes import train_pixels, train_words
    from emocam.training.votes import has_votes, match_votes, read_votes, remarks

    balance = balance or (Balance.weight if recipe is Recipe.words else Balance.undersample)
    if recipe is Recipe.pixels and balance not in (Balance.undersample, Balance.none):
        raise UsageError("recipe pixels takes --balance undersample or none")
    if per_class is not None and balance is not Balance.undersample:
        raise UsageError("--per-class needs --balance undersample")
    if votes is not None and recipe is Recipe.pixels:
        raise UsageError("recipe pixels learns from labels alone: leave --votes out")
    if votes_share is not None and votes is None:
        raise UsageError("--votes-share needs --votes")
    memory_bytes = _bytes(memory)
    check_free(output, force=force)
    table = None if votes is None else read_votes(votes)
    found = open_dataset(dataset)
    pictures = found.part("train")
    print(f"before: {_counts(class_counts(pictures))}")
    if balance is Balance.undersample:
        pictures = undersample(pictures, per_class=per_class, seed=seed)
    print(f"after:  {_counts(class_counts(pictures))}")
    with progress_bar() as bar:
        task = bar.add_task("pictures", total=len(pictures))
        faces = load_faces(
            found, pictures, size, found.labels, lambda done: bar.update(task, completed=done)
        )
    print_left_out(faces.skipped)
    if table is not None:
        matched = match_votes(table, faces)
        print_remarks(remarks(table, faces.labels))
        print(
            f"votes:  {matched.known.sum()} of {len(faces.images)} pictures; "
            f"{(~matched.known).sum()} without keep their label"
        )
        faces = replace(faces, votes=matched.shares)
    if recipe is Recipe.pixels:
        file = train_pixels(faces, clusters=clusters, balance=balance.value, seed=seed)
    else:
        with progress_bar() as bar:
            steps = Steps(bar)
            test = _test_faces(found, size)
            test_votes = None
            if table is not None and test is not None and has_votes(table, test):
                match_votes(table, test)  # what doesn't fit is said before the training, not after
                test_votes = table
            file = train_words(
                faces, test, clusters=clusters, balance=balance.value,
                memory_bytes=memory_bytes, seed=seed, votes_share=votes_share,
                test_votes=test_votes, progress=steps,
            )  # fmt: skip
    save_model_file(output, file)
    print(f"{output}: {_summary(file.card, len(faces.images))}")


class Steps:
    """A bar for each step of training."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._tasks: dict[str, Any] = {}

    def __call__(self, step: str, share: float) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._bar.add_task(step, total=100)
        self._bar.update(self._tasks[step], completed=round(100 * share))


def _test_faces(found: Dataset, size: int) -> Faces | None:
    from emocam.training.faces import load_faces

    if not found.has_test_part:
        return None
    return load_faces(found, found.part("test"), size, found.labels)


def _bytes(text: str) -> int:
    from emocam.errors import UsageError

    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([MGT])i?B?", text.strip(), re.IGNORECASE)
    if match is None:
        raise UsageError(f"--memory should be a size such as 6GB or 500MB, got {text!r}")
    return int(float(match[1]) * {"M": 1e6, "G": 1e9, "T": 1e12}[match[2].upper()])


def _summary(card: dict[str, Any], faces: int) -> str:
    parts = [f"{faces} faces, {len(card['labels'])} labels"]
    remembered = card["training"].get("remembered", faces)
    if remembered < faces:
        parts.append(f"{remembered} remembered: --memory allows no more")
    figures = card.get("figures", {})
    if figures:
        parts.append(
            f"accuracy {figures['accuracy']:.1%}, balanced {figures['balanced_accuracy']:.1%} "
            f"on {figures['measured_on']}"
        )
    if "votes" in figures:
        parts.append(
            f"by people's votes {figures['votes']['accuracy']:.1%}, balanced "
            f"{figures['votes']['balanced_accuracy']:.1%}"
        )
    return "; ".join(parts)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{label} {counts[label]}" for label in sorted(counts))
