"""Where the pictures are that annotations name; no name is followed out of the dataset's folder."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

import ibis

from toolkit.files.sources import is_utf8
from toolkit.intake.fields import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import ibis.expr.types as ir

LEADS_OUT: Final = "the name of their picture leads out of the folder"
NOT_THERE: Final = "their picture is not in the folder"
PICTURE_COLUMNS: Final = ("path", "picture_fault")


def locate(root: Path, folders: Iterable[str], name: str | None) -> dict[str, str | None]:
    """Look for a picture in some folders of a dataset.

    Args:
        root: The dataset's folder, resolved.
        folders: Folders in it, by their relative paths, in the order in which they are tried.
        name: The picture's name as an annotation file has it.

    Returns:
        `path`, relative to the root, and `picture_fault`, one of which is None.
    """
    if not name:
        return {"path": None, "picture_fault": NOT_THERE}
    if leads_out(name):
        return {"path": None, "picture_fault": LEADS_OUT}
    fault = NOT_THERE
    for folder in folders:
        path = PurePosixPath(folder, name)
        try:
            found = (root / path).resolve(strict=True)
        except (OSError, RuntimeError):  # Python before 3.13 raises the latter for a loop
            continue
        if not found.is_relative_to(root):
            fault = LEADS_OUT
        elif found.is_file():
            return {"path": str(path), "picture_fault": None}
    return {"path": None, "picture_fault": fault}


def leads_out(name: str) -> bool:
    """Whether a name is absolute, goes up, or is none that a file can have."""
    windows = PureWindowsPath(name)
    rooted = bool(windows.drive or windows.root) or name.startswith("/")
    return rooted or ".." in re.split(r"[\\/]", name) or "\0" in name or not is_utf8(name)


def picture_remarks(fault: ir.StringValue) -> list[Rule]:
    """Return what is counted of images by the `picture_fault` of each."""
    return [Rule(phrase, fault.fill_null("") == phrase) for phrase in (LEADS_OUT, NOT_THERE)]


def pixels(size: ir.StringValue) -> ir.IntegerValue:
    """Return a number of pixels; null if it is none."""
    whole = size.try_cast("int64")
    return ibis.cases((whole > 0, whole))
