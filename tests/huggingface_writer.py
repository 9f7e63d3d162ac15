"""Datasets that `datasets` itself writes, and how the tests load them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets

from tests.hostile import picture
from toolkit.engine import default_engine
from toolkit.loaders.huggingface import load_huggingface
from toolkit.model.dataset import AnnotatedDataset

# The tests' output is no place for the progress bars of `datasets`.
datasets.disable_progress_bars()

CLASSES = ["person", "two words", "<script>"]
OBJECTS = {
    "bbox": datasets.List(datasets.List(datasets.Value("float64"), length=4)),
    "category": datasets.List(datasets.ClassLabel(names=CLASSES)),
    "Gender Presentation": datasets.List(datasets.Value("string")),
    "iscrowd": datasets.List(datasets.Value("bool")),
}
FEATURES = datasets.Features(
    {
        "image_id": datasets.Value("string"),
        "image": datasets.Image(),
        "width": datasets.Value("int32"),
        "height": datasets.Value("int32"),
        "objects": OBJECTS,
        "label": datasets.ClassLabel(names=["indoor", "outdoor"]),
        "captions": datasets.List(datasets.Value("string")),
        "Scene": datasets.Value("string"),
    }
)


def sample(name: str, objects: Sequence[tuple[str, int]] = (), **changed: Any) -> dict[str, Any]:
    """Return a sample of 8 x 4 pixels with objects of these genders and classes."""
    return {
        "image_id": name,
        "image": {"bytes": picture(8, 4), "path": f"{name[:20]}.png"},
        "width": 8,
        "height": 4,
        "objects": {
            "bbox": [[1.0, 1.0, 2.0, 3.0] for _ in objects],
            "category": [number for _, number in objects],
            "Gender Presentation": [gender for gender, _ in objects],
            "iscrowd": [False for _ in objects],
        },
        "label": 1,
        "captions": [name],
        "Scene": name,
        **changed,
    }


def dataset_of(samples: Sequence[dict[str, Any]]) -> datasets.Dataset:
    """Return samples as a dataset with all features."""
    return datasets.Dataset.from_list(list(samples), features=FEATURES)


def loaded(path: Path, **options: Any) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_huggingface(path, engine=default_engine(), **options)


def save(form: str, data: datasets.Dataset, folder: Path) -> Path:
    """Let `datasets` write a dataset in one of its forms; return what to load."""
    if form == "saved":
        data.save_to_disk(folder / "d")
    elif form == "saved splits":
        datasets.DatasetDict({"train": data}).save_to_disk(folder / "d")
    elif form == "parquet file":
        data.to_parquet(folder / "d.parquet")
        return folder / "d.parquet"
    else:
        (folder / "d" / "data").mkdir(parents=True)
        data.to_parquet(folder / "d" / "data" / "train-00000-of-00001.parquet")
    return folder / "d"
