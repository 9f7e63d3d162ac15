"""Loaders: one annotation format a file, from a path to an `AnnotatedDataset`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from toolkit.engine import default_engine
from toolkit.errors import UnknownFormatError, UnknownNameError
from toolkit.files.sources import inspect, require, require_table
from toolkit.loaders import (
    celeba,
    coco,
    croissant,
    cvat,
    fairface,
    fiftyone,
    folder,
    huggingface,
    open_images,
    table,
    utkface,
    voc,
    webdataset,
    yolo,
)
from toolkit.registry import available, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from toolkit.engine import Engine
    from toolkit.files.sources import Recognition
    from toolkit.model.dataset import AnnotatedDataset


@dataclass(frozen=True)
class Loader:
    """One format.

    Attributes:
        name: Its name, as `--format` takes it.
        load: From a path, `engine=` and the options to a dataset.
        recognise: From a path to whether it is this format, and why.
        reads: What it reads, in a line.
        does_not_read: What of the format it does not read, in a line.
        options: The names of the options that `load` takes.
    """

    name: str
    load: Callable[..., AnnotatedDataset]
    recognise: Callable[[Path], Recognition]
    reads: str
    does_not_read: str
    options: tuple[str, ...] = ()


LOADERS: Final = {
    loader.name: loader
    for loader in (
        Loader(
            name="open_images",
            load=open_images.load_open_images,
            recognise=open_images.recognise_open_images,
            reads=open_images.READS,
            does_not_read=open_images.DOES_NOT_READ,
        ),
        Loader(
            name="coco",
            load=coco.load_coco,
            recognise=coco.recognise_coco,
            reads=coco.READS,
            does_not_read=coco.DOES_NOT_READ,
        ),
        Loader(
            name="fiftyone",
            load=fiftyone.load_fiftyone,
            recognise=fiftyone.recognise_fiftyone,
            reads=fiftyone.READS,
            does_not_read=fiftyone.DOES_NOT_READ,
            options=fiftyone.OPTIONS,
        ),
        Loader(
            name="voc",
            load=voc.load_voc,
            recognise=voc.recognise_voc,
            reads=voc.READS,
            does_not_read=voc.DOES_NOT_READ,
        ),
        Loader(
            name="cvat",
            load=cvat.load_cvat,
            recognise=cvat.recognise_cvat,
            reads=cvat.READS,
            does_not_read=cvat.DOES_NOT_READ,
        ),
        Loader(
            name="huggingface",
            load=huggingface.load_huggingface,
            recognise=huggingface.recognise_huggingface,
            reads=huggingface.READS,
            does_not_read=huggingface.DOES_NOT_READ,
            options=huggingface.OPTIONS,
        ),
        Loader(
            name="yolo",
            load=yolo.load_yolo,
            recognise=yolo.recognise_yolo,
            reads=yolo.READS,
            does_not_read=yolo.DOES_NOT_READ,
            options=yolo.OPTIONS,
        ),
        Loader(
            name="celeba",
            load=celeba.load_celeba,
            recognise=celeba.recognise_celeba,
            reads=celeba.READS,
            does_not_read=celeba.DOES_NOT_READ,
        ),
        Loader(
            name="fairface",
            load=fairface.load_fairface,
            recognise=fairface.recognise_fairface,
            reads=fairface.READS,
            does_not_read=fairface.DOES_NOT_READ,
        ),
        Loader(
            name="utkface",
            load=utkface.load_utkface,
            recognise=utkface.recognise_utkface,
            reads=utkface.READS,
            does_not_read=utkface.DOES_NOT_READ,
        ),
        Loader(
            name="folder",
            load=folder.load_folder,
            recognise=folder.recognise_folder,
            reads=folder.READS,
            does_not_read=folder.DOES_NOT_READ,
            options=folder.OPTIONS,
        ),
        Loader(
            name="webdataset",
            load=webdataset.load_webdataset,
            recognise=webdataset.recognise_webdataset,
            reads=webdataset.READS,
            does_not_read=webdataset.DOES_NOT_READ,
            options=webdataset.OPTIONS,
        ),
        Loader(
            name="croissant",
            load=croissant.load_croissant,
            recognise=croissant.recognise_croissant,
            reads=croissant.READS,
            does_not_read=croissant.DOES_NOT_READ,
            options=croissant.OPTIONS,
        ),
        Loader(
            name="table",
            load=table.load_table,
            recognise=table.recognise_table,
            reads=table.READS,
            does_not_read=table.DOES_NOT_READ,
            options=table.OPTIONS,
        ),
    )
}
"""The formats, in the order in which they are tried."""


def load(
    path: Path | str | Any,
    format: str | None = None,  # noqa: A002 - the field's word, and users write it
    *,
    engine: Engine | None = None,
    name: str | None = None,
    licence: str | None = None,
    **options: Any,
) -> AnnotatedDataset:
    """Load a dataset.

    Args:
        path: A file or folder, or a live dataset or view of FiftyOne.
        format: A loader's name (`toolkit list loaders`); recognised from the content if left out.
        engine: What reads it; by default the one of this process.
        name: The dataset's name for titles, instead of that of the file or folder.
        licence: The licence of the annotations.
        **options: What the loader takes, for instance `columns` of the loader `table`.

    Raises:
        DataNotFoundError: If there is nothing at the path.
        UnknownFormatError: If no loader recognises it.
        UnknownNameError: If the format or an option is unknown.
        DataReadError: If it cannot be read, or no row can be used.
    """
    engine = engine or default_engine()
    if fiftyone.is_collection(path):
        refuse_unknown(options, fiftyone.OPTIONS, "a live dataset of FiftyOne")
        with engine.guard("the FiftyOne dataset"):
            dataset = fiftyone.load_collection(path, engine=engine, **options)
        why = "it is a live dataset or view of FiftyOne"
    else:
        path = Path(path)
        require(path)
        with engine.guard(path):
            loader, why = chosen(path, format, options)
            dataset = loader.load(path, engine=engine, **options)
    provenance = replace(
        dataset.provenance, recognised=why, licence=licence or dataset.provenance.licence
    )
    return replace(dataset, name=name or dataset.name, provenance=provenance)


def chosen(path: Path, name: str | None, options: Iterable[str]) -> tuple[Loader, str]:
    """Return the loader to use, and why.

    Without a name, the first loader that recognises the path is used; where options are given,
    the only loader that takes them is.

    Raises:
        UnknownNameError: If there is no loader of that name, or none takes the options.
        UnknownFormatError: If no loader recognises the path.
        DataReadError: If no loader recognises it, and it is a file that cannot be a table.
    """
    if name is not None:
        loader = lookup("loaders", LOADERS, name)
        refuse_unknown(options, loader.options, f"the format {name!r}")
        return loader, "the format was named"
    loaders = list(available("loaders", LOADERS).values())
    refuse_unknown(options, [option for loader in loaders for option in loader.options], "load")
    taking = [loader for loader in loaders if set(options) <= set(loader.options)]
    if len(taking) == 1:
        return taking[0], f"only this format takes the options {', '.join(options)}"
    reasons = []
    for loader in taking:
        recognition = loader.recognise(path)
        if recognition.matches:
            return loader, recognition.why
        reasons.append(f"{loader.name}: {recognition.why}")
    if path.is_file():
        require_table(inspect(path))
    raise UnknownFormatError(path, reasons)


def refuse_unknown(options: Iterable[str], known: Collection[str], where: str) -> None:
    """Refuse an option that no loader takes.

    Raises:
        UnknownNameError: If there is one.
    """
    for option in options:
        if option not in known:
            raise UnknownNameError("option", option, known, where)
