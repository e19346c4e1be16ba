"""The kinds of table: CSV, JSON Lines, SQLite and Parquet, all written row by row."""

from __future__ import annotations

import csv
import errno
import json
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

from emocam.errors import OutputError
from emocam.output import growing_file, unwritten

Row = dict[str, Any]

INTEGER_COLUMNS = frozenset({"frame", "face", "x1", "y1", "x2", "y2", "cluster"})
TEXT_COLUMNS = frozenset({"source", "status", "reason", "emotion"})
_PARQUET_ROWS = 10_000  # of a row group, which is kept in memory until it is written


class Table(ABC):
    """A table that is open for writing inside a `with` block.

    Parameters
    ----------
    path
        Where the table goes.
    columns
        Names of all columns, in order.
    live
        Write under the table's own name from the start.
    """

    grows: ClassVar[bool] = True  # whether others can read it before it is complete

    def __init__(self, path: Path, columns: Sequence[str], *, live: bool = False) -> None:
        self.path = path
        self.columns = tuple(columns)
        self._live = live
        self._ending = ExitStack()

    def __enter__(self) -> Table:
        with ExitStack() as ending, _writing(self.path):
            if self._live:
                self._begin_live()
            else:
                self._open(ending.enter_context(growing_file(self.path)))
            self._ending = ending.pop_all()
        return self

    def _begin_live(self) -> None:
        """Open it under its own name; a new one that can't be written to its heading goes again."""
        is_new = not self.path.exists()
        try:
            self._open(self.path)
            self._flush()
        except BaseException:
            if is_new:
                remove_database(self.path)
            raise

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows made by `reading_row` or `status_row`.

        Raises
        ------
        OutputError
            When they can't be written, because the disk is full for one.
        """
        with _writing(self.path):
            self._write({key: _cell(value) for key, value in row.items()} for row in rows)

    def flush(self) -> None:
        """Flush all rows so far to the file."""
        with _writing(self.path):
            self._flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with _writing(self.path):
                self._close()
                if self._live and not self.path.exists():
                    raise OSError(errno.ENOENT, "it was taken away while it grew")
        except OutputError as broken:
            self._ending.__exit__(OutputError, broken, broken.__traceback__)
            raise
        self._ending.__exit__(kind, error, trace)

    @abstractmethod
    def _open(self, target: Path) -> None: ...

    @abstractmethod
    def _write(self, rows: Iterator[Row]) -> None: ...

    @abstractmethod
    def _flush(self) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...


class _TextTable(Table):
    """A table that is a text file in UTF-8."""

    def _open(self, target: Path) -> None:
        self._file = target.open("w", newline="", encoding="utf-8")
        self._target, self._whole = target, 0

    def _flush(self) -> None:
        self._file.flush()
        self._whole = os.fstat(self._file.fileno()).st_size

    def _close(self) -> None:
        try:
            self._file.close()
        except OSError:
            os.truncate(self._target, self._whole)  # no half row stays
            raise


class CsvTable(_TextTable):
    """Comma-separated values in UTF-8, with a heading line (RFC 4180, lines end in a newline)."""

    def _open(self, target: Path) -> None:
        super()._open(target)
        self._writer = csv.DictWriter(self._file, self.columns, lineterminator="\n")
        self._writer.writeheader()

    def _write(self, rows: Iterator[Row]) -> None:
        self._writer.writerows(rows)


class JsonLinesTable(_TextTable):
    """One JSON object a line, in UTF-8; what is not known is null (https://jsonlines.org)."""

    def _write(self, rows: Iterator[Row]) -> None:
        for row in rows:
            whole = {column: row.get(column) for column in self.columns}
            self._file.write(json.dumps(whole, ensure_ascii=False) + "\n")


class SqliteTable(Table):
    """A SQLite database with the one table `readings`.

    Parameters
    ----------
    path, columns, live
        As for every table.
    append
        Whether to append to the rows that are there.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], *, live: bool = False, append: bool = False
    ) -> None:
        super().__init__(path, columns, live=live)
        self._append = append

    def _open(self, target: Path) -> None:
        if not (self._append and target.exists()):
            remove_database(target)
        self._connection = sqlite3.connect(target)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        # Write-ahead logging lets a second program read while this one writes.
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(readings_ddl(self.columns))
        have = self._connection.execute("SELECT * FROM readings LIMIT 0").description
        if tuple(column[0] for column in have) != self.columns:
            raise OutputError(
                f"{self.path} has other columns ({len(have)}) than this table "
                f"({len(self.columns)}): choose another name for it"
            )
        places = ", ".join("?" * len(self.columns))
        self._insert = f"INSERT INTO readings VALUES ({places})"

    def restart(self) -> None:
        """Delete all rows, in one transaction with the next `flush`."""
        with _writing(self.path):
            self._connection.execute("DELETE FROM readings")

    def _write(self, rows: Iterator[Row]) -> None:
        values = (tuple(row.get(column) for column in self.columns) for row in rows)
        self._connection.executemany(self._insert, values)

    def _flush(self) -> None:
        self._connection.commit()

    def _close(self) -> None:
        try:
            self._connection.commit()
            # One file without a log beside it, which can be moved and renamed.
            with suppress(sqlite3.OperationalError):  # while a reader holds it
                self._connection.execute("PRAGMA journal_mode=DELETE")
        finally:
            self._connection.close()


class ParquetTable(Table):
    """An Apache Parquet file, in row groups (https://arrow.apache.org)."""

    grows = False

    def _open(self, target: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        kinds = {int: pyarrow.int32(), str: pyarrow.string(), float: pyarrow.float64()}
        self._schema = pyarrow.schema([(name, kinds[cell_type(name)]) for name in self.columns])
        self._rows: list[Row] = []
        self._writer = pyarrow.parquet.ParquetWriter(target, self._schema)

    def _write(self, rows: Iterator[Row]) -> None:
        for row in rows:
            self._rows.append(row)
            if len(self._rows) >= _PARQUET_ROWS:
                self._flush()

    def _flush(self) -> None:
        import pyarrow

        if self._rows:
            self._writer.write_table(pyarrow.Table.from_pylist(self._rows, self._schema))
            self._rows.clear()

    def _close(self) -> None:
        try:
            self._flush()
        finally:
            self._writer.close()


TABLE_FORMATS: dict[str, type[Table]] = {
    ".csv": CsvTable,
    ".jsonl": JsonLinesTable,
    ".parquet": ParquetTable,
    ".sqlite": SqliteTable,
}


def cell_type(column: str) -> type[int] | type[str] | type[float]:
    """What a column holds; probabilities and times are floating-point numbers."""
    if column in INTEGER_COLUMNS:
        return int
    return str if column in TEXT_COLUMNS else float


def readings_ddl(columns: Sequence[str]) -> str:
    """The SQL that makes the table `readings`."""
    kinds = {int: "INTEGER", str: "TEXT", float: "REAL"}
    cells = ", ".join(f"{quoted(name)} {kinds[cell_type(name)]}" for name in columns)
    return f"CREATE TABLE IF NOT EXISTS readings ({cells})"


def remove_database(path: Path) -> None:
    """Remove a SQLite database with its companions; a log left behind would spoil the next.

    Where the name is a symbolic link, it stays, and what it leads to is removed.
    """
    path = Path(os.path.realpath(path))
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def quoted(name: str) -> str:
    """A column's name in SQL, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'


def readable(text: str) -> str:
    r"""Text that any program can read: bytes of a file name that are no UTF-8 become `\xff`."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogateescape" if _from_bytes(text) else "backslashreplace")
        return data.decode("utf-8", "backslashreplace")
    return text


def _from_bytes(text: str) -> bool:
    # Python shows an undecodable byte as one of these; other lone surrogates come from Windows.
    return all("\udc80" <= one <= "\udcff" for one in text if "\ud800" <= one <= "\udfff")


def _cell(value: Any) -> Any:
    return readable(value) if isinstance(value, str) else value


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise unwritten(f"the table {path}", error) from error
