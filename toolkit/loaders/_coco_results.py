"""COCO results: what a model put out, mapped to the images and labels of a loaded dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from toolkit.errors import DataReadError
from toolkit.files.json_arrays import ROOT
from toolkit.files.sources import inspect
from toolkit.intake.additions import listed_images
from toolkit.loaders import _coco_tables as tables
from toolkit.loaders._coco_files import Kind, classify
from toolkit.loaders._coco_rows import read_document

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engine import Engine
    from toolkit.intake.ingest import Part
    from toolkit.model.dataset import AnnotatedDataset


def is_results(path: Path) -> bool:
    """Whether a file begins as the results of COCO do."""
    return path.is_file() and classify(inspect(path)) is Kind.RESULTS


def predictions_of_results(dataset: AnnotatedDataset, path: Path, engine: Engine) -> Part:
    """Read the results of COCO: `image_id`, `category_id`, `score` and perhaps `bbox` in pixels.

    A category is named as the dataset names its id (`AnnotatedDataset.label_ids`); where it names
    none, the id is the label. Results without a `bbox`, as of segmentation alone, have no box.

    Args:
        dataset: The dataset whose images they are about; its sizes make shares of pixels.
        path: A JSON file with one array of objects, plain or gzip.
        engine: The dataset's engine.

    Raises:
        DataReadError: If it is damaged, no row can be used, or the dataset has no images.
    """
    images = listed_images(dataset)
    if images is None:
        what = "has results about images, and the dataset has none"
        raise DataReadError(path, what, "Name the results of a model for this dataset.")
    names = None
    if dataset.label_ids:
        pairs = list(dataset.label_ids.items())
        names = ibis.memtable(pd.DataFrame(pairs, columns=["listed_category", "category_name"]))
    rows = read_document(engine, inspect(path)).rows[ROOT]
    place = tables.Place(path.name, split=None, prefix="", folders=())
    return tables.predictions(engine, rows, place, images, names, listed_only=True)
