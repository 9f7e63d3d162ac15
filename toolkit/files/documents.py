"""Small JSON files that describe a dataset, read whole within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toolkit.errors import DataReadError
from toolkit.files.records import NoRowError, json_row
from toolkit.files.sources import reading

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 2**26
"""The largest description that is read; those of datasets with 10,000 classes have 1 MiB."""


def read_object(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        DataReadError: If it cannot be read, is too large, or is no strict JSON object.
    """
    with reading(path), path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        what = f"has more than {MOST_BYTES // 2**20} MiB, too much for a description"
        raise DataReadError(path, what, "Check that it is the right file.")
    try:
        return json_row(content.decode("utf-8-sig", "surrogateescape"))
    except NoRowError as error:
        what = f"is no JSON object that can be read ({error})"
        raise DataReadError(path, what, "Fetch or write it again.") from error
