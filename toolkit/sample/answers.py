"""What labellers, captioners, a detector and two annotators say about the images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from toolkit.sample.design import (
    AGES,
    FEMININE,
    KITCHEN,
    LABEL_SHARE,
    LABELS,
    PERSON,
    PRESENTATIONS,
    RECALL,
    UNKNOWN,
    YOUNG,
    Concern,
    stream,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from toolkit.sample.design import Design

VERIFIED_ABSENT: Final = 0.3
"""How often somebody verified that a label an image does not have is absent."""
CAPTIONS: Final = ("A drawing of a {setting}{things}.", "This picture shows a {setting}{things}.")
"""They say nothing about the people, so that no word goes with anybody."""

MODEL: Final = "sample-detector"
SLACK: Final = 0.05
"""The most a side of a detected box is off, as a share of the box; the IoU stays above 0.8."""
FALSE_ALARM: Final = 0.1
"""Share of images in which the detector sees a person where there is none."""
ALARM_SIZE: Final = np.array([0.10, 0.25])

ANNOTATORS: Final = ("annotator-1", "annotator-2")
ANSWERED: Final = 0.3
"""Share of the boxes that both annotators answered for."""
DIFFERENT: Final = 0.1
"""How often an answer is drawn anew instead of being the published one."""


def image_labels(images: int, boxes: pd.DataFrame, design: Design, seed: int) -> pd.DataFrame:
    """Draw the human-verified labels: 1 for present, 0 for verified absent.

    Returns:
        Open Images' columns; `ImageID` is still the number of the image.
    """
    rng = stream(seed, Concern.LABELS)
    shares = np.full((images, len(LABELS)), LABEL_SHARE)
    codes = list(LABELS)
    for goes in design.associations:
        people = boxes.loc[boxes["GenderPresentation"] == goes.presentation, "ImageID"]
        there = np.isin(np.arange(images), people)
        shares[:, codes.index(goes.label)] = np.where(there, goes.with_it, goes.without_it)
    present = rng.random(shares.shape) < shares
    verified = present | (rng.random(shares.shape) < VERIFIED_ABSENT)
    image, label = np.nonzero(verified)
    return pd.DataFrame(
        {
            "ImageID": image,
            "Source": "verification",
            "LabelName": np.array(codes)[label],
            "Confidence": present[image, label].astype(np.int64),
        }
    )


def captions(labels: pd.DataFrame, places: Sequence[str], seed: int) -> pd.DataFrame:
    """Describe setting and things of every image, in two captions with up to two things each.

    Returns:
        `image_id` (still the number of the image) and `text`.
    """
    rng = stream(seed, Concern.CAPTIONS)
    things = labels[(labels["Confidence"] == 1) & (labels["LabelName"] != KITCHEN)]
    names = things["LabelName"].map(LABELS).str.lower().groupby(things["ImageID"]).agg(list)
    order = rng.random((len(places), len(CAPTIONS), len(LABELS)))
    rows = []
    for image, place in enumerate(places):
        seen = names.get(image, [])
        for style, caption in enumerate(CAPTIONS):
            mentioned = np.argsort(order[image, style, : len(seen)], kind="stable")[:2]
            listed = " and ".join(f"a {seen[i]}" for i in mentioned)
            text = caption.format(setting=place, things=f" with {listed}" if listed else "")
            rows.append((image, text))
    return pd.DataFrame(rows, columns=["image_id", "text"])


def predictions(images: int, boxes: pd.DataFrame, design: Design, seed: int) -> pd.DataFrame:
    """Let the detector find some people, about where they are, and raise a few false alarms.

    Returns:
        One row a detected person; `image_id` is still the number of the image.
    """
    rng = stream(seed, Concern.PREDICTIONS)
    feminine = boxes["GenderPresentation"] == FEMININE
    found = boxes[rng.random(len(boxes)) < np.where(feminine, design.feminine_recall, RECALL)]
    corners = found[["XMin", "YMin", "XMax", "YMax"]].to_numpy()
    sides = np.tile(corners[:, 2:] - corners[:, :2], 2)
    seen = np.clip(corners + SLACK * sides * (rng.random(corners.shape) - 0.5), 0, 1)
    alarmed = np.flatnonzero(rng.random(images) < FALSE_ALARM)
    alarms = 0.7 * rng.random((len(alarmed), 2))
    placed = np.vstack([seen, np.hstack([alarms, alarms + ALARM_SIZE])]).round(6)
    scores = np.concatenate([0.5 + 0.5 * rng.random(len(seen)), 0.6 * rng.random(len(alarmed))])
    table = pd.DataFrame(
        {
            "image_id": np.concatenate([found["ImageID"], alarmed]),
            "label": PERSON,
            "score": scores.round(6),
            **dict(zip(("x_min", "y_min", "x_max", "y_max"), placed.T, strict=True)),
            "model": MODEL,
        }
    )
    return table.sort_values("image_id", kind="stable", ignore_index=True)


def annotators(boxes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Let two annotators judge a part of the boxes again, by the same protocol.

    Returns:
        One row an answer; `annotation_id` is the number of the row in `boxes`, from 1.
    """
    rng = stream(seed, Concern.ANNOTATORS)
    rows = np.repeat(np.flatnonzero(rng.random(len(boxes)) < ANSWERED), len(ANNOTATORS))
    asked = boxes.iloc[rows]
    age = reconsidered(asked["AgePresentation"], AGES, rng)
    presentation = reconsidered(asked["GenderPresentation"], PRESENTATIONS, rng)
    return pd.DataFrame(
        {
            "annotation_id": rows + 1,
            "annotator": np.tile(ANNOTATORS, len(rows) // len(ANNOTATORS)),
            "gender_presentation": np.where(age == YOUNG, UNKNOWN, presentation),
            "age_presentation": age,
        }
    )


def reconsidered(
    published: pd.Series[str], known: tuple[str, ...], rng: np.random.Generator
) -> NDArray[np.str_]:
    """Return the published answers, of which a share is drawn anew from all answers there are."""
    answers = np.array([*known, UNKNOWN])
    anew = answers[rng.integers(len(answers), size=len(published))]
    return np.where(rng.random(len(published)) < DIFFERENT, anew, published.to_numpy(str))
