"""YOLO: a `data.yaml` of Ultralytics with folders or lists of images and a label file an image."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.errors import MOST_CHOICES, DataReadError, ToolkitError
from toolkit.files.sources import Recognition, checksum
from toolkit.intake.image_files import walk
from toolkit.intake.ingest import accounts, count_images, stack
from toolkit.loaders import _yolo_tables as tables
from toolkit.loaders._yolo_config import config_files, mapping, read_config
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.engine import Engine
    from toolkit.loaders._yolo_config import YoloConfig

READS: Final = (
    "a `data.yaml` of Ultralytics (the file or its folder) with its splits: boxes, boxes around "
    "polygons and turned boxes, the boxes of poses; sizes from the heads of the image files"
)
DOES_NOT_READ: Final = (
    "key points, polygons themselves, angles, folders outside that of data.yaml or of the option "
    "image_root"
)
OPTIONS: Final = ("image_root",)


def recognise_yolo(path: Path) -> Recognition:
    """Say whether a file, or one in the folder, is YAML with names and a split."""
    files = config_files(path)
    for file in files:
        try:
            content = mapping(file)
        except ToolkitError:
            continue
        if "names" in content and any(content.get(split) for split in ("train", "val", "test")):
            why = f"{file.name!a} names classes and a split, as the data.yaml of YOLO does"
            return Recognition(matches=True, why=why)
    why = "no YAML file names classes and a split" if files else "there is no YAML file"
    return Recognition(matches=False, why=why)


def load_yolo(
    path: Path, *, engine: Engine, image_root: Path | str | None = None
) -> AnnotatedDataset:
    """Load a dataset in the layout of Ultralytics YOLO.

    Args:
        path: A `data.yaml`, or the folder with one.
        engine: Where the tables are kept.
        image_root: The dataset's folder, with pictures and labels, if it is not that of
            `data.yaml`. Nothing outside of it is read, whatever `data.yaml` names.

    An image's id is its path relative to the dataset's folder. Its label file is where Ultralytics
    looks for it: `images` becomes `labels`, the ending `.txt`. An image without one is
    an image without boxes. A line of five numbers is a class and a box; an odd number of seven or
    more is a polygon, of which the box around it is read; with `kpt_shape`, what follows the box
    are key points.

    The format cannot hold: attributes, flags, image-level labels, captions, scores, different
    boxes for pictures whose names differ in their ending only. Boxes are centres and sizes, so
    that their corners come back within rounding.

    Raises:
        DataReadError: If there is no `data.yaml` that can be used, or no image or no line of the
            label files can be.
    """
    config = read_config(config_file(path), existing(image_root))
    images = tables.images(engine, config)
    if not images.read:
        do = "Check the places of its splits, and name the folder they are in as image_root."
        raise DataReadError(config.file, "leads to no images", do)
    boxes = tables.boxes(engine, config, images)
    counted = accounts({"images": [images], "annotations": [boxes]})
    listed = stack([images])
    annotations = stack([boxes], "annotation_id")
    provenance = Provenance(
        source=str(path),
        loader="yolo",
        files=MappingProxyType({config.file.name: checksum(config.file)}),
        rows_read=counted.read,
        rows_rejected=counted.reasons,
        rows_adjusted=counted.adjusted,
        notes=(*counted.remarks, *config.notes, *unused_labels(config)),
    )
    return AnnotatedDataset(
        name=config.folder.name,
        provenance=provenance,
        n_images=count_images(listed, []),
        attributes=MappingProxyType(
            {"label": Attribute("label", "annotations"), "split": Attribute("split", "images")}
        ),
        images=listed,
        annotations=annotations,
        rejected=counted.rejected,
        root=str(config.folder) if image_root else "",
    )


def existing(root: Path | str | None) -> Path | None:
    """Return the folder that the user named, if any.

    Raises:
        DataReadError: If it is no folder.
    """
    if root is not None and not Path(root).is_dir():
        raise DataReadError(Path(root), "is no folder", "Name the folder of pictures and labels.")
    return None if root is None else Path(root)


def config_file(path: Path) -> Path:
    """Return the configuration to read.

    Raises:
        DataReadError: If there is none, or several and none of them is called `data.yaml`.
    """
    files = config_files(path)
    named = [file for file in files if file.stem.lower() == "data"]
    if not files or (len(files) > 1 and len(named) != 1):
        names = ", ".join(file.name for file in files[:MOST_CHOICES])
        what = f"has several YAML files ({names})" if files else "has no YAML file"
        raise DataReadError(path, what, "Name the data.yaml of the dataset.")
    return named[0] if named else files[0]


def unused_labels(config: YoloConfig) -> Iterator[str]:
    """Count the label files beside which there is no picture, for splits that are folders."""
    for pictures in dict.fromkeys(listing.place for listing in config.listings if listing.place):
        labels = tables.label_folder(f"{pictures}/x.jpg")
        if labels == pictures or not (is_there(config, pictures) and is_there(config, labels)):
            continue
        unused = len(stems(config, labels) - stems(config, pictures))
        if unused:
            place = ascii(labels)
            yield f"Label files in {place} that are not read, for want of a picture: {unused:,}."


def is_there(config: YoloConfig, name: str) -> bool:
    """Whether a folder of the dataset is there and is no link out of it."""
    folder = Path(os.path.realpath(config.folder / name))
    return folder.is_dir() and folder.is_relative_to(config.folder)


def stems(config: YoloConfig, folder: str) -> set[str]:
    """Return the names of all files in a folder, relative to it and without their endings."""
    found = walk(config.folder, folder)
    return {entry.name.removeprefix(f"{folder}/").rsplit(".", 1)[0] for entry in found}
