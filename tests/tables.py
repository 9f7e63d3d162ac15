"""Tables as plain rows, to be compared."""

import ibis


def rows(table: ibis.Table | None, *columns: str) -> list[tuple[object, ...]]:
    """Return columns of a table, sorted."""
    assert table is not None
    found = table.select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row.values()) for row in found), key=repr)
