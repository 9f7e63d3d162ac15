"""Where the files of an exported `FiftyOneDataset` are, and its samples one by one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from toolkit.errors import DataReadError
from toolkit.files.documents import read_object
from toolkit.files.json_arrays import arrays
from toolkit.files.records import Malformed
from toolkit.files.sources import Form, Source, inspect
from toolkit.intake.image_files import CLOSED, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolkit.files.json_objects import Record

METADATA: Final = "metadata.json"
SAMPLES: Final = "samples.json"
FOLDER: Final = "samples"
"""Where samples are in files of their own (`use_dirs=True`)."""
DESCRIBED: Final = "sample_fields"
"""What the description of a FiftyOne dataset has, and other files of that name do not."""


@dataclass(frozen=True)
class Export:
    """An exported dataset.

    Attributes:
        root: The folder, resolved.
        metadata: The dataset's description.
        samples: The file of all samples, or the folder with a file for each.
        fault: Why it is none, as half a sentence; empty if it is one.
    """

    root: Path
    metadata: Mapping[str, Any]
    samples: Path
    fault: str = ""

    @property
    def media_type(self) -> str:
        """What the samples are; `image` where the dataset is empty."""
        return str(self.metadata.get("media_type") or "image")


def look(path: Path) -> Export:
    """Find the files of an export."""
    root = path.resolve()
    samples = root / SAMPLES if (root / SAMPLES).is_file() else root / FOLDER
    nothing = Export(root, {}, samples)
    if not path.is_dir():
        return replaced(nothing, "it is a file, and an export of FiftyOne is a folder")
    if not (root / METADATA).is_file() or not samples.exists():
        return replaced(nothing, f"it has no {METADATA} beside {SAMPLES}")
    if not all(file.resolve().is_relative_to(root) for file in (root / METADATA, samples)):
        return replaced(nothing, "a link in it leads out of the folder")
    try:
        metadata = read_object(root / METADATA)
    except DataReadError:
        return replaced(nothing, f"its {METADATA} is no JSON object")
    if DESCRIBED not in metadata:
        return replaced(nothing, f"its {METADATA} does not describe the fields of samples")
    return Export(root, metadata, samples)


def replaced(export: Export, fault: str) -> Export:
    """Return an export that is none."""
    return Export(export.root, export.metadata, export.samples, fault)


def samples_of(export: Export) -> Iterator[Mapping[str, Any] | Malformed]:
    """Read the samples, one in memory at a time.

    Raises:
        DataReadError: If the file of all samples is damaged outside of them.
    """
    if export.samples.is_dir():
        yield from samples_in_files(export)
        return
    for batch in arrays(inspect_json(export.samples)):
        if batch.array == FOLDER:
            for element in batch.elements:
                yield element if isinstance(element, Malformed) else decoded(element)


def inspect_json(path: Path) -> Source:
    """Return a file that holds one JSON document, whatever line breaks it has.

    Raises:
        DataReadError: If it does not.
    """
    source = inspect(path)
    if source.form not in (Form.JSON, Form.JSON_LINES):
        raise DataReadError(path, "is no JSON object", "Export the dataset again.")
    return source


def samples_in_files(export: Export) -> Iterator[Mapping[str, Any] | Malformed]:
    """Read the files of samples in the order of their names."""
    for entry in walk(export.root, FOLDER):
        if entry.fault == CLOSED or not entry.name.endswith(".json"):
            continue
        if entry.fault:
            yield Malformed(entry.fault, entry.name)
            continue
        try:
            yield read_object(Path(entry.path))
        except DataReadError:
            yield Malformed("file is no JSON object that can be read", entry.name)


def decoded(element: Record) -> Mapping[str, Any] | Malformed:
    """Return a sample with its values."""
    try:
        return {str(name): msgspec.json.decode(value) for name, value in element.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Malformed("sample is no JSON that can be read", ascii(list(element)))
