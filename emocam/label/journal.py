"""The journal of a run over photos: what is finished, so that the run can be resumed.

A SQLite database beside the table. Rows of photos are committed as they come; write-ahead
logging keeps the database consistent through `kill -9` and power cuts
(https://www.sqlite.org/wal.html).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from emocam.errors import OutputError, UsageError
from emocam.io.photo_discovery import FoundPhoto
from emocam.io.table_formats import Row, readable, remove_database
from emocam.label.tasks import PhotoResult, PhotoTask, Work
from emocam.output import unwritten

READ = ("ok", "no_face")  # statuses of photos that could be read
_FORMAT = "emocam label 1"
_LISTED_AT_ONCE = 2_000
_PAGE = 500
_LOCK_WAIT_S = 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS photos (
    id INTEGER PRIMARY KEY, address BLOB UNIQUE NOT NULL, stamp TEXT NOT NULL,
    listed INTEGER NOT NULL, done TEXT, pictures INTEGER, annotated TEXT, status TEXT, rows TEXT
);
CREATE TABLE IF NOT EXISTS faces (
    photo INTEGER, face INTEGER, emotion TEXT, certainty REAL, jpeg BLOB,
    PRIMARY KEY (photo, face)
) WITHOUT ROWID;
"""


# A photo is finished when its current file was read with all the results wanted now.
_FINISHED = (
    "(listed=:run AND done IS stamp || ' ' || :key AND pictures>=:pictures "
    "AND :annotated IN ('', annotated))"
)


class Journal:
    """The photos of one table, and what is finished of them; used in a `with` block.

    It belongs to one run at a time: SQLite locks it as long as it is open, and the system takes
    the lock back from a run that was killed.

    Parameters
    ----------
    path
        The database; made if needed.
    fresh
        Whether to start over instead of going on with what is there.
    """

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        self.path = path
        self.fresh = fresh

    def __enter__(self) -> Journal:
        with self._working():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.fresh:
                self._clear()
            is_new = not self.path.exists()
            self.path.touch()  # SQLite would not say why there can't be such a file
            try:
                self._database = self._open()
                self._begin()
            except BaseException:
                if is_new:  # a disk that is full from the start
                    remove_database(self.path)
                raise
        return self

    def _begin(self) -> None:
        try:
            self._database.executescript(_SCHEMA)
            if self.about("format", _FORMAT) != _FORMAT:
                raise UsageError(f"{self.path} is from another emocam: --fresh starts over")
            self._set_about("format", _FORMAT)
            self._run = int(self.about("run", "0")) + 1
            self._set_about("run", str(self._run))
        except BaseException:
            self._database.close()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A folder of copies that is begun belongs to this journal alone, and is gone on with.
        begun = self.about("annotated") or self._count("done IS NOT NULL", {})
        nothing = error is not None and not begun
        self._database.close()
        if nothing:  # a mistyped command leaves nothing behind
            remove_database(self.path)

    def _open(self) -> sqlite3.Connection:
        # Photos are listed by the thread that hands them out; SQLite lets one in at a time.
        database = sqlite3.connect(
            self.path, timeout=_LOCK_WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
        except BaseException:
            database.close()
            raise
        return database

    def _clear(self) -> None:
        if self.path.exists():
            try:
                self._open().close()
            except sqlite3.OperationalError:  # another run has it
                raise
            except sqlite3.DatabaseError:  # whatever it was, it goes
                pass
        remove_database(self.path)

    def about(self, key: str, default: str = "") -> str:
        """A stored text."""
        found = self._database.execute("SELECT value FROM about WHERE key=?", (key,)).fetchone()
        return default if found is None else str(found[0])

    def remember(self, key: str, value: str) -> None:
        """Store a text for later runs."""
        with self._working():
            self._set_about(key, value)

    def list_photos(self, photos: Iterable[FoundPhoto]) -> int:
        """Take note of all photos of this run; returns how many different ones there are."""
        found = iter(photos)
        # The listing is not in the block: what goes wrong there is not the journal's fault.
        while some := list(islice(found, _LISTED_AT_ONCE)):
            with self._working(), self._transaction():
                self._database.executemany(
                    "INSERT INTO photos (address, stamp, listed) VALUES (?, ?, ?) "
                    "ON CONFLICT (address) DO UPDATE SET stamp=excluded.stamp, "
                    "listed=excluded.listed",
                    ((_packed(address), stamp, self._run) for address, stamp in some),
                )
        return self._count("listed=:run", {"run": self._run})

    def unlisted(self) -> int:
        """How many finished photos of earlier runs this run does not name."""
        return self._count("listed<>:run AND done IS NOT NULL", {"run": self._run})

    def finished(self, work: Work) -> int:
        """How many of this run's photos are finished."""
        return self._count(_FINISHED, self._values(work))

    def unfinished(self, work: Work) -> Iterator[PhotoTask]:
        """This run's photos that are not finished, by address, a few in memory at a time.

        It may be consumed by another thread than the one that made the journal.
        """
        values = {**self._values(work), "after": b""}
        while True:
            page = self._database.execute(
                f"SELECT address, id FROM photos WHERE listed=:run AND address>:after "
                f"AND {_FINISHED} IS NOT 1 ORDER BY address LIMIT {_PAGE}",
                values,
            ).fetchall()
            if not page:
                return
            yield from (PhotoTask(number, _unpacked(address)) for address, number in page)
            values["after"] = page[-1][0]

    def finish(self, results: Sequence[PhotoResult], work: Work) -> None:
        """Commit the results of some photos in one transaction."""
        values = self._values(work)
        with self._working(), self._transaction():
            for number, rows, pictures in results:
                self._database.execute(
                    "UPDATE photos SET done=stamp || ' ' || :key, pictures=:pictures, "
                    "annotated=:annotated, status=:status, rows=:rows WHERE id=:id",
                    {**values, "status": rows[0]["status"], "rows": json.dumps(rows), "id": number},
                )
                self._database.execute("DELETE FROM faces WHERE photo=?", (number,))
                self._database.executemany(
                    "INSERT INTO faces VALUES (?, ?, ?, ?, ?)",
                    (
                        (number, row["face"], row["emotion"], row["certainty"], jpeg)
                        for row, jpeg in zip(rows, pictures, strict=False)
                    ),
                )

    def photos(self, work: Work) -> Iterator[tuple[str, list[Row]]]:
        """Address and rows of each finished photo of this run, by address."""
        found = self._database.cursor().execute(
            f"SELECT address, rows FROM photos WHERE {_FINISHED} ORDER BY address",
            self._values(work),
        )
        return ((_unpacked(address), json.loads(rows)) for address, rows in found)

    def faces(self, work: Work, emotion: str) -> Iterator[tuple[str, float, bytes]]:
        """Address, certainty and JPEG of the faces with an emotion, the most certain first."""
        found = self._database.cursor().execute(
            "SELECT address, certainty, jpeg FROM faces JOIN photos ON photos.id=faces.photo "
            f"WHERE emotion=:emotion AND {_FINISHED} ORDER BY certainty DESC, address, face",
            {**self._values(work), "emotion": emotion},
        )
        return ((_unpacked(address), certainty, jpeg) for address, certainty, jpeg in found)

    def statuses(self, work: Work) -> dict[str, int]:
        """How many of this run's finished photos have each status, the most common first."""
        return dict(
            self._database.execute(
                f"SELECT status, COUNT(*) FROM photos WHERE {_FINISHED} "
                "GROUP BY status ORDER BY COUNT(*) DESC, status",
                self._values(work),
            )
        )

    def failed(self, work: Work, most: int) -> list[Row]:
        """The row of each of this run's photos that could not be read, by address."""
        found = self._database.execute(
            f"SELECT rows FROM photos WHERE {_FINISHED} AND status NOT IN {READ} "
            "ORDER BY address LIMIT :most",
            {**self._values(work), "most": most},
        )
        return [json.loads(rows)[0] for (rows,) in found]

    def forget_annotated(self) -> None:
        """Have the photos' copies with boxes made anew."""
        with self._working():
            self._database.execute("UPDATE photos SET annotated=''")

    def forget_unlisted(self) -> None:
        """Drop what is known of photos that this run does not name."""
        with self._working(), self._transaction():
            self._database.execute(
                "DELETE FROM faces WHERE photo IN (SELECT id FROM photos WHERE listed<>?)",
                (self._run,),
            )
            self._database.execute("DELETE FROM photos WHERE listed<>?", (self._run,))

    def _values(self, work: Work) -> dict[str, Any]:
        annotated = f"{work.annotated} {work.base}" if work.annotated else ""
        return {
            "run": self._run,
            "key": work.key,
            "pictures": int(work.pictures),
            "annotated": readable(annotated),
        }

    def _count(self, condition: str, values: dict[str, Any]) -> int:
        sql = f"SELECT COUNT(*) FROM photos WHERE {condition}"
        return int(self._database.execute(sql, values).fetchone()[0])

    def _set_about(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction, rolled back when Ctrl-C falls between two statements."""
        try:
            if self._database.in_transaction:  # Ctrl-C fell into the end of the last one
                self._database.execute("ROLLBACK")
            self._database.execute("BEGIN")
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def _working(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritten(self.path, error) from error
        except sqlite3.DatabaseError as error:
            raise OutputError(f"can't use {self.path}: {_mend(error)}") from error


def _mend(error: sqlite3.DatabaseError) -> str:
    if "full" in str(error) or "I/O" in str(error):
        return f"{error}: make room, and the same command goes on where it stopped"
    if "locked" in str(error):
        return "another emocam is at work on it: wait for its end, or choose another --output"
    return f"{error}: --fresh starts over"


def _packed(address: str) -> bytes:
    # SQLite's texts can't hold the stand-ins for bytes of a file name that are no UTF-8.
    return address.encode("utf-8", "surrogatepass")


def _unpacked(address: bytes) -> str:
    return address.decode("utf-8", "surrogatepass")
