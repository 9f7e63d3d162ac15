"""A Croissant description, checked by `mlcroissant`: which record sets are columns of local files.

`mlcroissant` would fetch what is not local, also for contexts of JSON-LD and files of Git LFS;
therefore it is given a description that names no remote context, and reads no data itself.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from toolkit.errors import DataReadError
from toolkit.files.documents import read_object
from toolkit.files.sources import checksum, first_line
from toolkit.intake.fields import snake_case
from toolkit.intake.pictures import leads_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PROFILE: Final = "mlcommons.org/croissant"
"""What a description says that it conforms to."""
NAMES: Final = ("croissant.json", "metadata.json", "croissant.jsonld", "metadata.jsonld")
"""What the description of a folder is called."""
RAI: Final = (
    "data_collection",
    "data_collection_type",
    "data_collection_timeframe",
    "data_collection_missing_data",
    "data_collection_raw_data",
    "data_imputation_protocol",
    "data_preprocessing_protocol",
    "data_manipulation_protocol",
    "data_annotation_protocol",
    "data_annotation_platform",
    "data_annotation_analysis",
    "annotations_per_item",
    "annotator_demographics",
    "machine_annotation_tools",
    "data_biases",
    "data_use_cases",
    "data_limitations",
    "data_social_impact",
    "personal_sensitive_information",
    "data_release_maintenance_plan",
)
"""The fields of the vocabulary for Responsible AI (Croissant RAI 1.0)."""
BOUNDING_BOX: Final = "BoundingBox"
SPLIT: Final = "Split"


@dataclass(frozen=True)
class RecordSet:
    """Records that are rows of one local file: its columns by the names of the fields."""

    name: str
    file: Path
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Description:
    """What a description says.

    Attributes:
        path: Where it is.
        name: The dataset's name.
        licence: Its licence.
        record_sets: The records that can be read.
        unread: What cannot, with the reason.
        stated: The answers on Responsible AI by field.
    """

    path: Path
    name: str
    licence: str
    record_sets: tuple[RecordSet, ...]
    unread: tuple[str, ...]
    stated: Mapping[str, str]


def find(path: Path) -> Path | None:
    """Return the description that a path is or, as a folder, holds; None if there is none."""
    candidates = [path / name for name in NAMES] if path.is_dir() else [path]
    return next((file for file in candidates if is_description(file)), None)


def is_description(path: Path) -> bool:
    """Whether a file is JSON that says it conforms to Croissant."""
    if not path.is_file() or path.suffix not in (".json", ".jsonld"):
        return False
    try:
        content = read_object(path)
    except DataReadError:
        return False
    return PROFILE in str(content.get("conformsTo") or content.get("dct:conformsTo"))


def describe(path: Path) -> Description:
    """Read a description.

    Raises:
        DataReadError: If it is not valid, would have something fetched, or a file differs from
            what it describes.
    """
    content = read_object(path)
    require_local(path, content)
    metadata = checked(path, content)
    files = {file.id: file for file in metadata.distribution}
    found = []
    unread = []
    for described in metadata.record_sets:
        try:
            found.append(record_set(path, files, described))
        except NotReadError as error:
            unread.append(f"{described.id!a} ({error})")
    return Description(
        path=path,
        name=title(metadata) or path.resolve().parent.name,
        licence=", ".join(map(str, metadata.license or ())),
        record_sets=tuple(found),
        unread=tuple(unread),
        stated=MappingProxyType(dict(answers(metadata))),
    )


def require_local(path: Path, content: dict[str, Any]) -> None:
    """Refuse a description whose meaning stands at an address.

    Raises:
        DataReadError: If a context is not part of it.
    """
    context = content.get("@context")
    inner = [value for key, value in content.items() if key != "@context"]
    if not isinstance(context, dict) or any(map(mentions_context, [*context.items(), *inner])):
        what = "has a context that is not part of it, and nothing is fetched"
        raise DataReadError(path, what, "Put the context itself into the description.")


def mentions_context(value: Any) -> bool:
    """Whether a value holds or imports a context anywhere."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and item in ("@context", "@import"):
            return True
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list | tuple):
            waiting += item
    return False


def checked(path: Path, content: dict[str, Any]) -> Any:
    """Return the description as `mlcroissant` understands it.

    Raises:
        DataReadError: If it is not valid.
    """
    try:
        import mlcroissant
    except ImportError as error:
        do = "Run: pip install 'dataset-audit-toolkit[croissant]'."
        raise DataReadError(path, "needs mlcroissant to be read", do) from error
    for name in ("absl", "rdflib"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # The library warns of what it itself uses and of what is recommended but not needed.
            warnings.simplefilter("ignore")
            return mlcroissant.Metadata.from_json(ctx=mlcroissant.Context(), json_=content)
    except Exception as error:  # it raises whatever a wrong description provokes
        what = f"is no valid Croissant description ({first_fault(error)})"
        raise DataReadError(path, what, "Check it with `mlcroissant validate`.") from error


def first_fault(error: Exception) -> str:
    """Return the first fault of a validation, which lists them line by line, or what was raised."""
    listed = [line.strip(" -") for line in str(error).splitlines() if line.startswith("  -")]
    return (listed or [first_line(error)])[0].rstrip(". ")


def title(metadata: Any) -> str:
    """Return the dataset's name; empty if it has none, or one for each of several languages."""
    return metadata.name if isinstance(metadata.name, str) else ""


class NotReadError(Exception):
    """Why a record set is not read, as the end of a note."""


def record_set(path: Path, files: Mapping[str, Any], described: Any) -> RecordSet:
    """Return a record set that is columns of one local file.

    Raises:
        NotReadError: If it is something else.
        DataReadError: If the file is not the one that is described.
    """
    plain = [field for field in described.fields if is_column(field)]
    names = {field.source.file_object or field.source.distribution for field in plain}
    if len(plain) < len(described.fields) or len(names) != 1:
        raise NotReadError("its fields are not all columns of one file, as they stand")
    file = local_file(path, files.get(names.pop()))
    columns = {field_name(field): field.source.extract.column for field in plain}
    if len(columns) < len(plain):
        raise NotReadError("two of its fields have one name")
    return RecordSet(str(described.id), file, MappingProxyType(columns))


def is_column(field: Any) -> bool:
    """Whether a field is a column of a file, without any change."""
    source = field.source
    return bool(
        source
        and (source.file_object or source.distribution)
        and source.extract.column
        and not source.transforms
        and not field.sub_fields
    )


def field_name(field: Any) -> str:
    """Return what a field is called; one whose type says what it is has the name of that."""
    kinds = {str(kind).rsplit("/", 1)[-1] for kind in field.data_types or ()}
    if BOUNDING_BOX in kinds:
        return "bbox"
    return "split" if SPLIT in kinds else str(field.name or field.id).rsplit("/", 1)[-1]


def local_file(path: Path, described: Any) -> Path:
    """Return the local file of a distribution; of one at an address, a copy beside it counts.

    Raises:
        NotReadError: If there is none in the folder of the description.
        DataReadError: If its checksum differs.
    """
    address = str(getattr(described, "content_url", None) or "")
    if not address or described.contained_in:
        raise NotReadError("its file is a set of files, or inside of another one")
    name = address.rsplit("/", 1)[-1] if "://" in address else address
    if leads_out(name):
        raise NotReadError("the name of its file leads out of the folder")
    folder = path.parent.resolve()
    file = (folder / name).resolve()
    if not file.is_relative_to(folder):
        raise NotReadError("the name of its file leads out of the folder")
    if not file.is_file():
        raise NotReadError(f"its file {name!a} is not in the folder, and nothing is fetched")
    found = checksum(file)
    partial = found.startswith("partial:")
    if described.sha256 and not partial and found != described.sha256.lower():
        what = "is not the file that the description names (sha256 differs)"
        raise DataReadError(file, what, "Fetch it again.")
    return file


def answers(metadata: Any) -> Iterator[tuple[str, str]]:
    """Return the answers on Responsible AI."""
    for name in RAI:
        value = getattr(metadata, name, None)
        if value:
            yield name, "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def role_names(columns: Mapping[str, str]) -> set[str]:
    """Return the names of fields in snake_case, by which it is known what they are."""
    return {snake_case(name) for name in columns}
