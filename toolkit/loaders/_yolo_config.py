"""The `data.yaml` of a YOLO dataset: the names of classes, and where each split's images are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from toolkit.errors import DataReadError
from toolkit.files.records import FORBIDDEN
from toolkit.files.sources import reading
from toolkit.intake.pictures import leads_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_BYTES: Final = 2**19
"""The largest configuration that is read; that of LVIS, with 1,203 classes, has 35,000 bytes."""
MOST_DEPTH: Final = 32
SUFFIXES: Final = (".yaml", ".yml")
SPLITS: Final = ("train", "val", "test", "minival")
KEYPOINTS: Final = "kpt_shape"


@dataclass(frozen=True)
class Listing:
    """One place where a split's images are.

    Attributes:
        split: The split.
        written: The place as the configuration writes it.
        place: The folder or list of images, relative to the dataset's folder; None if it is not
            there or leads out of the folder.
    """

    split: str
    written: str
    place: str | None


@dataclass(frozen=True)
class YoloConfig:
    """What a configuration says.

    Attributes:
        file: Where it is.
        folder: The dataset's folder, resolved, out of which nothing is read: the one that the
            configuration is in, unless the user named another.
        base: The folder to which it says names are relative, relative to `folder`.
        names: The classes' names by their numbers as text.
        listings: The places of images, in the order of `SPLITS`.
        keypoints: Whether each box is followed by key points.
        notes: What was not done as it says.
    """

    file: Path
    folder: Path
    base: str
    names: Mapping[str, str]
    listings: tuple[Listing, ...]
    keypoints: bool
    notes: tuple[str, ...]


def config_files(path: Path) -> list[Path]:
    """Return the YAML files that could be the configuration: the file, or those in the folder."""
    if not path.is_dir():
        return [path] if path.suffix.lower() in SUFFIXES else []
    with reading(path):
        files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in SUFFIXES]
        return [file for file in files if file.is_file() and not file.is_symlink()]


def read_config(file: Path, root: Path | None = None) -> YoloConfig:
    """Read a configuration.

    All values are taken as text, so that a class called `no` or `1e3` keeps its name.

    Args:
        file: Where it is.
        root: The dataset's folder, if it is not the one that the configuration is in.

    Raises:
        DataReadError: If it is no YAML, too large, or has no names or no splits.
    """
    content = mapping(file)
    names = class_names(content.get("names"))
    given = {split: places(content[split]) for split in SPLITS if content.get(split)}
    if not names or not given:
        missing = "names of classes" if not names else "places of images (train, val or test)"
        raise DataReadError(file, f"has no {missing}", "Write them as Ultralytics describes.")
    folder = Path(os.path.realpath(root or file.parent))
    base, notes = base_folder(folder, file.parent, content.get("path"))
    listings = tuple(
        Listing(split, written, place(folder, base, written))
        for split, written_places in given.items()
        for written in written_places
    )
    return YoloConfig(
        file=file,
        folder=folder,
        base=base,
        names=names,
        listings=listings,
        keypoints=KEYPOINTS in content,
        notes=(*notes, *config_notes(content, names, listings)),
    )


def mapping(file: Path) -> dict[str, Any]:
    """Read a YAML mapping of text.

    Raises:
        DataReadError: If it is none, or uses what makes a small file take long: aliases, depth.
    """
    with reading(file), file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        what = f"has more than {MOST_BYTES:,} bytes, too many for a configuration"
        raise DataReadError(file, what, "Name the data.yaml of the dataset.")
    do = "Check that it is the data.yaml of the dataset."
    try:
        refuse_costly(file, content)
        found = yaml.load(content, Loader=yaml.BaseLoader)  # noqa: S506 - it makes text only
    except (yaml.YAMLError, ValueError) as error:
        raise DataReadError(file, f"is no YAML ({type(error).__name__})", do) from error
    if not isinstance(found, dict):
        raise DataReadError(file, "is no YAML mapping", do)
    return found


def refuse_costly(file: Path, content: bytes) -> None:
    """Refuse YAML that takes long to read for its size.

    Raises:
        DataReadError: If it uses aliases, or is nested deeper than a configuration is.
        yaml.YAMLError: If it is no YAML.
    """
    depth = 0
    for event in yaml.parse(content, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            raise DataReadError(file, "uses YAML aliases", "Write the values out.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise DataReadError(file, "is nested too deeply", "Name the data.yaml of the dataset.")


def class_names(names: Any) -> dict[str, str]:
    """Return the classes' names by number, from a list of names or a mapping to them.

    A name with what no text can hold is left out, so that its boxes have no class.
    """
    if isinstance(names, list):
        names = {str(number): name for number, name in enumerate(names)}
    if not isinstance(names, dict):
        return {}
    return {number.strip(): name for number, name in names.items() if is_text(name)}


def places(value: Any) -> list[str]:
    """Return one place or several as a list."""
    found = value if isinstance(value, list) else [value]
    return [place for place in found if is_text(place)]


def is_text(value: Any) -> bool:
    """Whether a value is text that is not empty, without NUL and halves of characters."""
    return isinstance(value, str) and bool(value) and not FORBIDDEN.search(value)


def base_folder(folder: Path, own: Path, written: Any) -> tuple[str, tuple[str, ...]]:
    """Return the folder that `path` means, relative to the dataset's, and what is noted.

    Args:
        folder: The dataset's folder, resolved.
        own: The folder that the configuration is in.
        written: The `path` of the configuration, if it has one.
    """
    name = written if is_text(written) else "."
    for start in (own, folder):
        meant = Path(os.path.realpath(start / name))
        if meant.is_relative_to(folder) and meant.is_dir():
            return meant.relative_to(folder).as_posix(), ()
    note = (
        f"The folder {written!a} that the configuration names is not used, for it is not in the "
        f"dataset's folder {folder.name!a}; that folder was used. The option image_root names "
        "another one."
    )
    return ".", (note,)


def place(folder: Path, base: str, written: str) -> str | None:
    """Return where a split's images are, relative to the dataset's folder, if they are in it.

    Exporters write `../train/images` where they mean `train/images`, and Ultralytics reads it so.
    """
    absolute = Path(os.path.normpath(written))
    if absolute.is_absolute() and absolute.is_relative_to(folder):
        written = absolute.relative_to(folder).as_posix()
    for candidate in (written, written.removeprefix("../")):
        if leads_out(candidate):
            continue
        meant = Path(os.path.realpath(folder / base / candidate))
        if meant.is_relative_to(folder) and meant.exists():
            return meant.relative_to(folder).as_posix()
    return None


def config_notes(
    content: Mapping[str, Any], names: Mapping[str, str], listings: tuple[Listing, ...]
) -> Iterator[str]:
    """Say what of a configuration was not used, and what in it disagrees."""
    for listing in listings:
        if listing.place is None:
            yield (
                f"The images of {listing.split}, {listing.written!a}, are not in the dataset's "
                "folder and were not read."
            )
    if content.get("nc", str(len(names))) != str(len(names)):
        yield f"The configuration says {content['nc']!a} classes and names {len(names)}."
    repeated = len(names) - len(set(names.values()))
    if repeated:
        yield f"{repeated} classes have the name of another class and count as one with it."
    if "download" in content:
        yield "What the configuration says to download or run was not fetched and not run."
    if KEYPOINTS in content:
        yield "Key points are not read."
