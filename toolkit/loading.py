"""How a user loads a dataset: a source or several, and what further files say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import loaders
from toolkit.engine import default_engine
from toolkit.files.sources import require
from toolkit.intake.additions import with_attributes, with_predictions
from toolkit.intake.uniting import united
from toolkit.loaders.fiftyone import is_collection

if TYPE_CHECKING:
    from toolkit.engine import Engine
    from toolkit.model.dataset import AnnotatedDataset


def load(
    path: Path | str | Mapping[str, Path | str] | Any,
    format: str | None = None,  # noqa: A002 - the field's word, and users write it
    *,
    engine: Engine | None = None,
    root: Path | str = "",
    attributes: Path | str | None = None,
    on: str = "image_id",
    predictions: Path | str | None = None,
    name: str | None = None,
    **options: Any,
) -> AnnotatedDataset:
    """Load a dataset.

    Args:
        path: A file or folder, or several by the name of the split that each is, or a live dataset
            or view of FiftyOne.
        format: A loader's name (`toolkit list loaders`); recognised from the content if left out.
        engine: What reads it; by default the one of this process.
        root: The folder that all paths given here are relative to.
        attributes: A table of which all columns become attributes of images or annotations.
        on: The column by which its rows belong to theirs, `image_id` or `annotation_id`.
        predictions: A table of what a model put out, a row for each box.
        name: The dataset's name for titles, instead of that of the file or folder.
        **options: `licence`, and what the loader takes, as `columns` of the loader `table`.

    Raises:
        ToolkitError: If something is not there, not recognised or cannot be read.
    """
    engine = engine or default_engine()
    root = Path(root)
    if isinstance(path, Mapping):
        parts = {split: source(root / one, format, engine, options) for split, one in path.items()}
        with engine.guard(", ".join(map(str, path.values()))):
            dataset = united(parts, engine)
    elif is_collection(path):
        dataset = loaders.load(path, format, engine=engine, **options)
    else:
        dataset = source(root / path, format, engine, options)
    if attributes is not None:
        dataset = with_attributes(dataset, there(root / attributes), on, engine)
    if predictions is not None:
        dataset = with_predictions(dataset, there(root / predictions), engine)
    return replace(dataset, name=name) if name else dataset


def source(
    path: Path, format_: str | None, engine: Engine, options: Mapping[str, Any]
) -> AnnotatedDataset:
    """Load one source; the paths of its pictures are relative to its folder."""
    dataset = loaders.load(path, format_, engine=engine, **options)
    folder = path if path.is_dir() else path.parent
    return replace(dataset, root=dataset.root or str(folder))


def there(path: Path) -> Path:
    """Return a path at which something is.

    Raises:
        DataNotFoundError: If there is nothing.
    """
    require(path)
    return path
