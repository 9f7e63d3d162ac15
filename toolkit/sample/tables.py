"""The sample's tables, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from toolkit.sample import answers
from toolkit.sample.design import (
    BIASED,
    KITCHEN,
    LABELS,
    OLDER,
    PERSON,
    SPLITS,
    UNBIASED,
    Concern,
    require_drawable,
    stream,
)
from toolkit.sample.people import drawn, people

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from toolkit.sample.design import Design

LICENCE: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
SETTINGS: Final = ("room", "park", "street")
IN_KITCHEN: Final = "kitchen"
IMAGE_COLUMNS: Final = (
    *("ImageID", "Subset", "OriginalURL", "OriginalLandingURL", "License", "AuthorProfileURL"),
    *("Author", "Title", "OriginalSize", "OriginalMD5", "Thumbnail300KURL", "Rotation"),
)
"""Open Images' header; what a drawing does not have is empty."""


@dataclass(frozen=True)
class SampleTables:
    """The tables of a sample as they are written, and how its pictures are drawn.

    Attributes:
        boxes: MIAP's columns; one row a box, exact duplicates of rows included.
        images: Open Images' image columns; one row an image.
        image_labels: `ImageID, Source, LabelName, Confidence` (1 present, 0 verified absent).
        class_descriptions: `LabelName, DisplayName`.
        captions: `image_id, caption_id, text`.
        predictions: `image_id, label, score, x_min, y_min, x_max, y_max, model`.
        annotators: `annotation_id` (row of `boxes`, from 1), `annotator` and two answers.
        pictures: `image_id`, `drawn_as` (another image where it has the same pixels, else
            itself), `setting`, `blur` (Gaussian sigma in pixels), `exposure` (factor) and `noise`
            (standard deviation in levels of 255). Not part of the dataset.
    """

    boxes: pd.DataFrame
    images: pd.DataFrame
    image_labels: pd.DataFrame
    class_descriptions: pd.DataFrame
    captions: pd.DataFrame
    predictions: pd.DataFrame
    annotators: pd.DataFrame
    pictures: pd.DataFrame


def plan(images: int = 400, seed: int = 0, biased: bool = True) -> SampleTables:
    """Draw the tables of a sample.

    Args:
        images: How many images, repeated ones included.
        seed: The same seed gives the same tables, on every platform and version.
        biased: Whether the biases of `truth.toml` are planted; otherwise groups are of equal size
            and everything is independent of them, but for MIAP's protocol.

    Raises:
        SettingsError: If there would be no image, or the seed is negative.
    """
    require_drawable(images, seed)
    design = BIASED if biased else UNBIASED
    repeats = round(design.repeated_images * images)
    unique = images - repeats
    repeated_images = chosen(repeats, unique, stream(seed, Concern.REPEATS))
    original = np.concatenate([np.arange(unique), repeated_images])
    tables = drawn_tables(unique, design, seed)
    ids = image_ids(images, seed)
    named = {name: repeated(table, original, ids) for name, table in tables.items()}
    named["boxes"] = with_repeated_rows(named["boxes"], design.repeated_rows, seed)
    named["captions"].insert(1, "caption_id", np.arange(1, len(named["captions"]) + 1))
    named["pictures"].insert(1, "drawn_as", ids[original])
    return SampleTables(
        **named,
        images=image_list(ids, original, seed),
        class_descriptions=pd.DataFrame(
            [(PERSON, "Person"), *LABELS.items()], columns=["LabelName", "DisplayName"]
        ),
        annotators=answers.annotators(named["boxes"], seed),
    )


def drawn_tables(images: int, design: Design, seed: int) -> dict[str, pd.DataFrame]:
    """Draw every table about images that repeat no other, with numbers for image ids."""
    boxes = people(images, design, seed)
    labels = answers.image_labels(images, boxes, design, seed)
    looks = picture_plans(boxes, labels, images, design, seed)
    return {
        "boxes": boxes,
        "image_labels": labels,
        "captions": answers.captions(labels, looks["setting"].tolist(), seed),
        "predictions": answers.predictions(images, boxes, design, seed),
        "pictures": looks,
    }


def picture_plans(
    boxes: pd.DataFrame, labels: pd.DataFrame, images: int, design: Design, seed: int
) -> pd.DataFrame:
    """Choose where each image takes place, and its blur, exposure and noise; one row an image."""
    rng = stream(seed, Concern.PICTURES)
    setting = settings(labels, images, rng)
    with_older = boxes.loc[boxes["AgePresentation"] == OLDER, "ImageID"]
    older = np.isin(np.arange(images), with_older)
    blur = 0.4 + 0.8 * rng.random(images) + np.where(older, design.older_blur, 0)
    exposure = (0.85 + 0.2 * rng.random(images)) * np.where(older, design.older_exposure, 1)
    noise = 1 + 3 * rng.random(images)
    quality = {"blur": blur.round(3), "exposure": exposure.round(3), "noise": noise.round(3)}
    return pd.DataFrame({"image_id": np.arange(images), "setting": setting, **quality})


def settings(labels: pd.DataFrame, images: int, rng: np.random.Generator) -> NDArray[np.str_]:
    """Choose where each image takes place: in the kitchen if it has that label; shape (images,)."""
    kitchens = labels.loc[(labels["LabelName"] == KITCHEN) & (labels["Confidence"] == 1), "ImageID"]
    elsewhere = np.array(SETTINGS)[rng.integers(len(SETTINGS), size=images)]
    return np.where(np.isin(np.arange(images), kitchens), IN_KITCHEN, elsewhere)


def image_ids(images: int, seed: int) -> NDArray[np.object_]:
    """Draw ids of 16 hexadecimal digits; shape (images,)."""
    numbers = stream(seed, Concern.IMAGES).integers(2**64, size=images, dtype=np.uint64)
    return np.array([f"{number:016x}" for number in numbers], dtype=object)


def chosen(size: int, population: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Choose `size` different positions, in ascending order."""
    return np.sort(np.argsort(rng.random(population), kind="stable")[:size])


def repeated(
    table: pd.DataFrame, original: NDArray[np.intp], ids: NDArray[np.object_]
) -> pd.DataFrame:
    """Name the images of a table, and say again of an image what is said of its original.

    Args:
        table: Its first column is the number of an image.
        original: For each image the number of the one that it repeats, or its own.
        ids: The id of each image.
    """
    column = table.columns[0]
    of_image = pd.DataFrame({column: original, "id": ids})
    named = of_image.merge(table, on=column).drop(columns=column)
    return named.rename(columns={"id": column})


def with_repeated_rows(boxes: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Repeat a share of the rows exactly, each right after itself."""
    size = len(boxes)
    again = chosen(round(share * size), size, stream(seed, Concern.REPEATS, 1))
    return boxes.iloc[np.sort(np.concatenate([np.arange(size), again]))].reset_index(drop=True)


def image_list(ids: NDArray[np.object_], original: NDArray[np.intp], seed: int) -> pd.DataFrame:
    """List the images; one that is repeated is in the train split, its repeat in test."""
    positions = drawn(list(SPLITS.values()), len(ids), stream(seed, Concern.IMAGES, 1))
    split = np.array(list(SPLITS))[positions]
    repeats = original != np.arange(len(ids))
    split[repeats] = "test"
    split[original[repeats]] = "train"
    known = {"ImageID": ids, "Subset": split, "License": LICENCE, "Rotation": 0}
    return pd.DataFrame({name: known.get(name, "") for name in IMAGE_COLUMNS})
