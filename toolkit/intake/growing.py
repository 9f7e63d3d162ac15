"""Tables of text that grow row by row, from sources that do not say beforehand what columns are."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from toolkit.engine import Rows, Sheet
from toolkit.errors import DataReadError
from toolkit.intake.fields import attribute_names
from toolkit.intake.ingest import LISTED, VERDICT, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from toolkit.engine import Engine
    from toolkit.files.sources import Source

STEP: Final = 2**20
"""How many characters and cells are held before columns are given to them."""
MOST_ATTRIBUTES: Final = 1_000
RESERVED: Final = (*LISTED, VERDICT, "file_row_number")
"""Names of columns that are added to raw rows when they are judged."""


class GrowingTable:
    """Rows on their way to the engine; a column is added when the first row has it.

    Attributes:
        attributes: The column of each attribute met, by the name the source has for it.
        repeated: How often a row had an attribute again; only the first one is kept.
    """

    def __init__(
        self,
        engine: Engine,
        source: Source,
        columns: Iterable[str],
        taken: Iterable[str] = (),
    ) -> None:
        """Begin a table.

        Args:
            engine: Where the rows are kept.
            source: What they are from.
            columns: The columns that it has in any case.
            taken: Further names that no attribute may have.
        """
        self.engine = engine
        self.source = source
        self.columns = dict.fromkeys(columns)
        self.taken = frozenset((*RESERVED, *self.columns, *taken))
        self.attributes: dict[str, str] = {}
        self.repeated = 0
        self.read = 0
        self.batch: list[tuple[int, Mapping[str, str | None]]] = []
        self.size = 0
        self.sheets: list[Sheet] = []
        self.open_sheet = ExitStack()
        self.malformed = Sheet(engine.spill_file(), ("reason", "source_text"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        self.open_sheet.close()
        self.malformed.__exit__()

    def add(
        self,
        row: Mapping[str, str | None],
        attributes: Iterable[tuple[str, str | None]] = (),
    ) -> None:
        """Add a row.

        Args:
            row: Its values by column; the empty text is null.
            attributes: Its attributes, by the names the source has for them.

        Raises:
            DataReadError: If two attributes would get the same column, or there are too many.
        """
        values = dict(row)
        for name, value in attributes:
            column = self.attributes.get(name) or self.new_attribute(name)
            if column in values:
                self.repeated += 1
            else:
                values[column] = value
        values = {column: value or None for column, value in values.items()}
        self.columns |= dict.fromkeys(values)
        self.read += 1
        self.batch.append((self.read, values))
        self.size += len(values) + sum(map(len, filter(None, values.values())))
        if self.size >= STEP:
            self.flush()

    def reject(self, reason: str, text: str) -> None:
        """Count what is no row: why, and what it is."""
        self.read += 1
        self.malformed.add(self.read, (reason, text))

    def new_attribute(self, name: str) -> str:
        """Name the column of an attribute that was not met before."""
        names = [*self.attributes, name]
        if len(names) > MOST_ATTRIBUTES:
            what = f"has more than {MOST_ATTRIBUTES:,} different attributes"
            raise DataReadError(self.source.path, what, "Keep those to be audited.")
        self.attributes = attribute_names(self.source.path, names, self.taken)
        return self.attributes[name]

    def flush(self) -> None:
        """Write the rows that are waiting."""
        columns = tuple(self.columns)
        if not self.sheets or self.sheets[-1].schema.names[1:] != list(columns):
            self.begin_sheet(columns)
        for number, values in self.batch:
            self.sheets[-1].add(number, [values.get(column) for column in columns])
        self.batch.clear()
        self.size = 0

    def begin_sheet(self, columns: Sequence[str]) -> None:
        """Go on in a new file, because there are more columns than before."""
        self.open_sheet.close()
        self.sheets.append(self.open_sheet.enter_context(Sheet(self.engine.spill_file(), columns)))

    def rows(self) -> Rows:
        """Return all rows, when the table is closed."""
        written = [self.engine.backend.read_parquet(str(sheet.path)) for sheet in self.sheets]
        malformed = None
        if self.malformed.rows:
            malformed = self.engine.backend.read_parquet(str(self.malformed.path))
        return Rows(self.source, union(written), malformed)
