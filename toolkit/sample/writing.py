"""Writing a sample to a folder, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toolkit.errors import OutputError
from toolkit.sample.design import Concern, stream
from toolkit.sample.pictures import Person, Picture, photograph
from toolkit.sample.tables import plan
from toolkit.sample.truth import truth

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from toolkit.sample.tables import SampleTables

    Progress = Callable[[int, int], None]

FILES: Final = {
    "boxes.csv": "boxes",
    "images.csv": "images",
    "image_labels.csv": "image_labels",
    "class-descriptions.csv": "class_descriptions",
    "captions.csv": "captions",
    "predictions.csv": "predictions",
    "annotators.csv": "annotators",
}
"""File name by table of `SampleTables`; its pictures are written as images."""
JPEG_QUALITY: Final = 90
README: Final = """\
# A sample dataset to try an audit on

Everything here is made up. The pictures are flat drawings made by a program; no person, place or
photograph is behind them. Gender and age presentation have been drawn by lot as if annotators had
perceived them; skin, hair and clothes are drawn by lot as well and go with no gender presentation.
{planted}

| file | what it holds |
|---|---|
| `boxes.csv` | boxes of persons with perceived attributes, in the form of MIAP |
| `images.csv` | images and splits, in the form of Open Images |
| `image_labels.csv` | human-verified image labels: 1 present, 0 verified absent |
| `class-descriptions.csv` | names of the labels |
| `captions.csv` | two captions an image |
| `predictions.csv` | what a detector found |
| `annotators.csv` | two annotators' answers for some boxes, by row number of `boxes.csv` from 1 |
| `truth.toml` | the biases that were planted, with their size |
| `images/` | the pictures, 320 by 240 pixels |

Made with `toolkit.sample.write(folder, images={images}, seed={seed}, biased={biased})`.
Licence: CC0 1.0, public domain.
"""
PLANTED: Final = "Biases have been planted, so that an audit has something to find: `truth.toml`."
NOT_PLANTED: Final = "No bias has been planted: groups are of equal size and go with nothing."


def write(
    folder: Path | str,
    images: int = 400,
    seed: int = 0,
    biased: bool = True,
    progress: Progress | None = None,
) -> Path:
    """Write a sample dataset.

    Args:
        folder: Where to; it may not exist yet, or be empty.
        images: How many images.
        seed: The same seed gives the same tables, and the same pictures with the same Pillow.
        biased: Whether biases are planted.
        progress: Called after each picture with the number of finished pictures and of all.

    Returns:
        The folder as an absolute path.

    Raises:
        SettingsError: If there would be no image, or the seed is negative.
        OutputError: If something is in the way or cannot be written; then nothing is.
    """
    tables = plan(images, seed, biased)
    folder = Path(folder).resolve()
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputError(folder, "something is there already")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".sample-") as unfinished:
            draft = Path(unfinished) / folder.name
            draft.mkdir()
            write_tables(tables, draft)
            write_pictures(tables, draft / "images", seed, progress)
            (draft / "truth.toml").write_text(truth(images, seed, biased), encoding="utf-8")
            (draft / "README.md").write_text(readme(images, seed, biased), encoding="utf-8")
            draft.replace(folder)
    except OSError as error:
        raise OutputError(folder, error.strerror or str(error)) from error
    return folder


def readme(images: int, seed: int, biased: bool) -> str:
    """Return the text that goes with a sample."""
    planted = PLANTED if biased else NOT_PLANTED
    return README.format(images=images, seed=seed, biased=biased, planted=planted)


def write_tables(tables: SampleTables, folder: Path) -> None:
    """Write the tables as CSV, coordinates and scores with six decimals as Open Images does."""
    for name, table in FILES.items():
        frame: pd.DataFrame = getattr(tables, table)
        frame.to_csv(folder / name, index=False, float_format="%.6f", lineterminator="\n")


def write_pictures(
    tables: SampleTables, folder: Path, seed: int, progress: Progress | None
) -> None:
    """Draw every picture; one that repeats another is the same file."""
    folder.mkdir()
    originals = tables.pictures["drawn_as"].tolist()
    contents = picture_contents(tables)
    for number, (image_id, original) in enumerate(zip(contents, originals, strict=True)):
        path = folder / f"{image_id}.jpg"
        if original == image_id:
            image = photograph(contents[image_id], stream(seed, Concern.DRAWING, number))
            image.save(path, quality=JPEG_QUALITY)
        else:
            shutil.copyfile(folder / f"{original}.jpg", path)
        if progress:
            progress(number + 1, len(contents))


def picture_contents(tables: SampleTables) -> dict[str, Picture]:
    """Gather what is in each picture, by image id, in the order of the images."""
    people: dict[str, list[Person]] = {}
    for row in tables.boxes.drop_duplicates().to_dict("records"):
        person = Person(
            box=(row["XMin"], row["YMin"], row["XMax"], row["YMax"]),
            age=row["AgePresentation"],
            occluded=row["IsOccluded"] == 1,
            truncated=row["IsTruncated"] == 1,
            group=row["IsGroupOf"] == 1,
            depiction=row["IsDepictionOf"] == 1,
        )
        people.setdefault(row["ImageID"], []).append(person)
    present = tables.image_labels[tables.image_labels["Confidence"] == 1]
    labels = present.groupby("ImageID")["LabelName"].agg(tuple).to_dict()
    return {
        row["image_id"]: Picture(
            setting=row["setting"],
            people=tuple(people[row["image_id"]]),
            labels=labels.get(row["image_id"], ()),
            blur=row["blur"],
            exposure=row["exposure"],
            noise=row["noise"],
        )
        for row in tables.pictures.to_dict("records")
    }
