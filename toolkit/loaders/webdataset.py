"""WebDataset: tar shards in which the files of a sample follow each other under one key."""

from __future__ import annotations

import re
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from toolkit.errors import DataReadError
from toolkit.files.pixels import PICTURES
from toolkit.files.shards import SPLITS, Shards, find_shards
from toolkit.files.sources import Form, Recognition, Source, checksum
from toolkit.intake.sample_tables import SampleTables
from toolkit.intake.samples import BoxForm
from toolkit.loaders._webdataset_tar import members, named, opened, samples
from toolkit.model.dataset import Provenance

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engine import Engine
    from toolkit.intake.samples import FormName
    from toolkit.model.dataset import AnnotatedDataset

READS: Final = (
    "tar shards (plain or gzip) of pictures with `.json` (objects with boxes, labels, captions, "
    "attributes), `.cls` and `.txt` under the same key; a shard or a folder of them"
)
DOES_NOT_READ: Final = "pixels (but for sizes), masks, arrays and pickles, shards at addresses"
OPTIONS: Final = ("box_form", "normalised")
SHARD_NAMES: Final = (".tar", ".tar.gz", ".tgz")
SPLIT: Final = re.compile(rf"(?:^|[-_.])({'|'.join(SPLITS)})(?=[-_.]|$)")
"""The split in the name of a shard: `openimages-train-000000.tar`."""
LOOKED_AT: Final = 100
"""How many members of a shard are looked at for a picture."""


def look(path: Path) -> Shards:
    """List the shards of a folder and the folders in it, or take one file as a shard."""
    if path.is_dir():
        return find_shards(path, SHARD_NAMES)
    return Shards({path.name: path} if path.name.endswith(SHARD_NAMES) else {})


def recognise_webdataset(path: Path) -> Recognition:
    """Say whether a path holds a tar file whose first members are pictures with a key."""
    shards = list(look(path).files.values())
    if not shards:
        what = "none of its files is" if path.is_dir() else "it is not"
        return Recognition(matches=False, why=f"{what} named like a tar file")
    try:
        with opened(shards[0]) as tar:
            first = [named(member)[1] for member in islice(members(tar), LOOKED_AT)]
    except DataReadError as error:
        return Recognition(matches=False, why=str(error))
    if not any(f".{ending}" in PICTURES for ending in first):
        return Recognition(matches=False, why=f"{shards[0].name} does not begin with pictures")
    return Recognition(matches=True, why=f"it holds tar files of pictures ({len(shards)} shards)")


def load_webdataset(
    path: Path, *, engine: Engine, box_form: FormName = "xywh", normalised: bool = False
) -> AnnotatedDataset:
    """Load shards of WebDataset.

    Args:
        path: A tar file, or a folder of them.
        engine: Where the tables are kept.
        box_form: What the four numbers of a box are: `xywh`, `xyxy` or `cxcywh`.
        normalised: Whether boxes are in shares of the image instead of pixels.

    An image is named by its key, the name of its files up to the first dot, so a key cannot hold
    a dot after its last slash. The split is taken from the shard's name. Annotations are numbered
    in the order of shards and samples. A sample without a picture is left out. The format itself
    states no names of fields, no box form and no basis of attributes.

    Raises:
        SettingsError: If there is no such box form.
        DataReadError: If a shard is damaged, or none of its samples can be used.
    """
    boxes = BoxForm(box_form, normalised)
    shards = look(path)
    if not shards.files:
        raise DataReadError(path, "holds no tar files", "Name a folder of .tar files.")
    with SampleTables(engine, Source(path, Form.OTHER, ()), boxes) as tables:
        for name, shard in shards.files.items():
            add_shard(tables, shard, name)
    ignored = f"Files that are not read: {', '.join(shards.ignored)}."
    provenance = Provenance(
        source=str(path),
        loader="webdataset",
        files=MappingProxyType({name: checksum(shard) for name, shard in shards.files.items()}),
        notes=(ignored,) if shards.ignored else (),
    )
    title = path.resolve().name if path.is_dir() else path.name.split(".")[0]
    return tables.dataset(title, provenance)


def add_shard(tables: SampleTables, shard: Path, name: str) -> None:
    """Add the samples of a shard, or the reason why one is none."""
    split = SPLIT.search(shard.name) or SPLIT.fullmatch(shard.parent.name)
    for sample in samples(shard):
        for ending in sample.unread:
            tables.leave_out(ending)
        if sample.header is None or sample.fault:
            tables.images.reject(sample.fault, f"{name}: {sample.key!a}")
            continue
        tables.add(
            sample.record,
            image_id=sample.key,
            split=split[1] if split else None,
            size=(sample.header.width, sample.header.height),
            shard=name,
        )
