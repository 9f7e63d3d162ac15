"""The table engine: DuckDB in this process, and the only module that knows it is DuckDB.

Everything above speaks Ibis. Text files become Parquet in the spill folder when they are read, so
that each later query reads only the columns it needs, and nothing has to fit into memory.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import weakref
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.config import EngineConfig
from toolkit.errors import DataReadError, EngineError, SettingsError
from toolkit.files.records import Malformed, json_keys, records, survey
from toolkit.files.sources import SOURCE_ROW, Form, column_names, first_line, require_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from toolkit.files.sources import Source

DUCKDB: Final = "duckdb://"
HALF: Final = "50%"
BATCH: Final = 8_000_000
"""How many characters and cells of text are held before they are written."""
GLOB: Final = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})
"""The engine takes a path for a pattern; this makes it match that path alone."""


WRONG: Final = "filter_pushdown"
"""DuckDB 2.0 pushes `IS NULL` into Parquet columns without a dictionary whose statistics name one
value, and then takes every row for null. Without it, whole audits are hardly slower."""


@dataclass(frozen=True)
class Rows:
    """The rows of one file as they are written there.

    Attributes:
        source: The file.
        table: `source_row` (from 1, the header not counted) and the file's columns: text, or for
            Parquet the types it has.
        malformed: The records that are no rows: `source_row`, `reason`, `source_text`. None if
            there are none.
    """

    source: Source
    table: ir.Table
    malformed: ir.Table | None = None


class Engine:
    """An open engine; every table made from it is lazy and belongs to it."""

    def __init__(self, config: EngineConfig | None = None) -> None:
        """Open the engine that the settings name.

        Raises:
            SettingsError: If there is no such engine, or the spill folder cannot be used.
        """
        config = config or EngineConfig()
        if config.url != DUCKDB:
            what = f"There is no engine {config.url!r}"
            raise SettingsError(what, "engine.url", f"Use {DUCKDB!r}.")
        self.spill_folder = new_folder(config.spill_folder)
        self.backend: Backend = ibis.duckdb.connect(
            memory_limit=config.memory_limit or HALF,
            temp_directory=str(self.spill_folder),
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
            **({"threads": config.threads} if config.threads else {}),
        )
        self.backend.raw_sql(f"SET disabled_optimizers = '{WRONG}'")
        self.numbers = count(1)
        # Tables keep the backend alive; only when the last one is gone may their files go.
        self.discard = weakref.finalize(
            self.backend, shutil.rmtree, self.spill_folder, ignore_errors=True
        )

    def close(self) -> None:
        """Close the engine and remove its files; tables made from it are of no use afterwards."""
        self.backend.disconnect()
        self.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def guard(self, source: Path | str = "the dataset") -> Iterator[None]:
        """Turn what the engine raises inside the block into sentences; `source` names the data.

        Raises:
            EngineError: If memory or disk are exhausted.
            DataReadError: If the data turn out not to be readable.
        """
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise EngineError(first_line(error)) from error
        except (OSError, duckdb.Error) as error:
            if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
                raise EngineError("there is no space left on the disk") from error
            if isinstance(error, OSError):
                raise
            what = f"cannot be read ({first_line(error)})"
            raise DataReadError(source, what, "Check that its files are whole.") from error

    def read(self, source: Source) -> Rows:
        """Read a file's rows.

        Raises:
            DataReadError: If the file is no table, is damaged, or its columns cannot be told apart.
            EngineError: If memory or disk are exhausted.
        """
        require_table(source)
        with self.guard(source.path):
            if source.form is Form.PARQUET:
                column_names(source)
                return Rows(source, self.scan(source.path))
            if source.form is Form.JSON_LINES:
                source = replace(source, columns=json_keys(source))
            columns = column_names(source)
            return self.read_regular(source, columns) or self.read_records(source, columns)

    def scan(self, path: Path) -> ir.Table:
        """Return a lazy table over a Parquet file, its rows numbered in `source_row`."""
        escaped = str(path.absolute()).translate(GLOB)
        table = self.backend.read_parquet(escaped, file_row_number=True)
        columns = [name for name in table.columns if name != "file_row_number"]
        return table.select((table["file_row_number"] + 1).name(SOURCE_ROW), *columns)

    def read_regular(self, source: Source, columns: Sequence[str]) -> Rows | None:
        """Let the engine itself read a delimited file that leaves it no choice; else None.

        The engine drops some irregular records without a word, therefore only a file in which
        every line was seen to be regular is left to it, and only if it finds as many rows.
        """
        if source.form is Form.JSON_LINES or not (surveyed := survey(source)).regular:
            return None
        target = self.spill_file()
        types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
        path = str(source.path.absolute()).translate(GLOB)
        with suppress(duckdb.InvalidInputException):
            written = self.backend.raw_sql(
                f"COPY (FROM read_csv({literal(path)}, auto_detect=false, columns={{{types}}}, "
                f"delim={literal(source.delimiter)}, quote='', escape='', strict_mode=true, "
                f"header={source.has_header}, compression="
                f"{literal('gzip' if source.compressed else 'none')})) "
                f"TO {literal(str(target))} (FORMAT parquet)"
            ).fetchall()
            if written == [(surveyed.records,)]:
                return Rows(source, self.scan(target))
        return None

    def read_records(self, source: Source, columns: Sequence[str]) -> Rows:
        """Read a text file record by record, setting aside what is no row."""
        kept = Sheet(self.spill_file(), columns)
        malformed = Sheet(self.spill_file(), ("reason", "source_text"))
        with kept, malformed:
            for row, record in enumerate(records(source, columns), start=1):
                if isinstance(record, Malformed):
                    malformed.add(row, (record.reason, record.text))
                else:
                    kept.add(row, record)
        table = self.backend.read_parquet(str(kept.path))
        if not malformed.rows:
            return Rows(source, table)
        return Rows(source, table, self.backend.read_parquet(str(malformed.path)))

    def store(self, rows: Iterable[Sequence[str | None]], columns: Sequence[str]) -> ir.Table:
        """Write rows of text; return them as a table with `source_row`."""
        with Sheet(self.spill_file(), columns) as sheet:
            for number, row in enumerate(rows, start=1):
                sheet.add(number, row)
        return self.backend.read_parquet(str(sheet.path))

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute a table once; return it as it is read back.

        It is written as Parquet, of which later queries read only the columns they need: that is
        faster than a temporary table in memory, and takes none.
        """
        target = self.spill_file()
        self.backend.to_parquet(table, target)
        return self.backend.read_parquet(str(target))

    def spill_file(self) -> Path:
        """Return the path of a new file in the spill folder."""
        return self.spill_folder / f"{next(self.numbers)}.parquet"


class Sheet:
    """Rows of text on their way to a Parquet file, a batch at a time."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.schema = pa.schema(
            [(SOURCE_ROW, pa.int64()), *((name, pa.string()) for name in columns)]
        )
        # Read once or twice, they are not worth the time for dictionaries. Where a column without
        # one has a single value by its statistics, DuckDB 2.0 takes null for that value.
        self.writer = pq.ParquetWriter(
            path, self.schema, use_dictionary=False, write_statistics=False
        )
        self.batch: list[tuple[Any, ...]] = []
        self.size = 0
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        self.writer.close()

    def add(self, number: int, row: Sequence[str | None]) -> None:
        """Add a row under its number."""
        self.batch.append((number, *row))
        self.rows += 1
        self.size += len(row) + sum(map(len, filter(None, row)))
        if self.size >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are waiting."""
        if self.batch:
            columns = zip(zip(*self.batch, strict=True), self.schema, strict=True)
            arrays = [pa.array(values, field.type) for values, field in columns]
            self.writer.write_batch(pa.record_batch(arrays, schema=self.schema))
            self.batch.clear()
            self.size = 0


def new_folder(parent: str | None) -> Path:
    """Make a new folder for what the engine writes.

    Raises:
        SettingsError: If there can be none.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="toolkit-", dir=parent))
    except OSError as error:
        what = f"The spill folder cannot be used: {error.strerror}"
        do = "Name a folder that can be written to."
        raise SettingsError(what, "engine.spill_folder", do) from error


def is_hexadecimal(column: ir.StringValue, digits: int) -> ir.BooleanValue:
    """Whether text is so many hexadecimal digits, 16 at most, and nothing else.

    The engine casts each entry of a column's dictionary once, but matches a regular expression in
    every row, which takes ten times as long.
    """
    number = (ibis.literal("0x") + column).try_cast("uint64")
    # A cast takes an underscore between two digits.
    return (column.length() == digits) & ~column.contains("_") & number.notnull()


def literal(text: str) -> str:
    """Return text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


@cache
def default_engine() -> Engine:
    """Return the engine of this process, opened with default settings when first asked for."""
    return Engine()
