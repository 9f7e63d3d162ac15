"""Several annotators' answers about the same items, as numbers of images with equal answers.

An item is a type: its group, and who answered what. An image is a kind: how many items of each
type it has. Only the kinds come back from the engine, with how many images are of each, so that
images can be drawn again without their rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import ibis
import numpy as np
import pyarrow.compute as pc
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

ANNOTATOR: Final = "annotator"
ITEM: Final = "item"
GROUP: Final = "group"
IMAGE: Final = "image"
MOST_CELLS: Final = 1_000
"""Up to this many cells of all tables of two annotators' answers, who answered what is kept."""


@dataclass(frozen=True)
class Answers:
    """All answers to one question.

    Attributes:
        categories: The k answers that can be given, those that nobody gave included.
        times: How many images there are of each kind; shape (p,).
        items: How many items of each type an image of each kind has; shape (p, t).
        group: The group of each type; shape (t,).
        counts: How many answers of each category an item of each type has; shape (t, k).
        by_annotator: The place of each annotator's answer among the categories, -1 for none;
            shape (t, annotators). None where that would take more than `MOST_CELLS`.
    """

    categories: tuple[str, ...]
    times: Numbers
    items: csr_array
    group: Numbers
    counts: Numbers
    by_annotator: Numbers | None

    def among(self, categories: Sequence[str]) -> Answers:
        """Return the answers in these categories and this order; all others are none."""
        at = {category: place for place, category in enumerate(self.categories)}
        places = np.array([at.get(category, -1) for category in categories], dtype=np.int64)
        counts = np.where(places >= 0, self.counts[:, places], 0)
        if self.by_annotator is None:
            return replace(self, categories=tuple(categories), counts=counts)
        new = np.full(len(self.categories) + 1, -1, dtype=np.int64)
        new[places[places >= 0]] = np.flatnonzero(places >= 0)
        chosen = new[self.by_annotator]
        return replace(self, categories=tuple(categories), counts=counts, by_annotator=chosen)


def coded(rows: ir.Table, questions: Sequence[str], keys: Sequence[str]) -> ir.Table:
    """Number groups and annotators, so that rows of numbers can be put together.

    Args:
        rows: One row an answer: `image`, `item`, `annotator`, the questions and the keys.
        questions: The columns that hold answers.
        keys: The columns that make the groups.
    """
    order = [rows[key] for key in keys]
    group = ibis.dense_rank().over(ibis.window(order_by=order)) if keys else ibis.literal(0)
    annotator = ibis.dense_rank().over(ibis.window(order_by=rows[ANNOTATOR]))
    numbers = {GROUP: group.cast("int64"), ANNOTATOR: annotator.cast("int64")}
    return rows.select(IMAGE, ITEM, *questions, *keys, **numbers)


def legend(rows: ir.Table, keys: Sequence[str]) -> pd.DataFrame:
    """Return the values of each group by its number, as text; null where they are missing."""
    found: pd.DataFrame = rows.select(GROUP, *keys).distinct().order_by(GROUP).to_pandas()
    return found


def categories_of(rows: ir.Table, question: str, most: int) -> tuple[str, ...]:
    """Return the answers to a question in ascending order, at most one more than `most`."""
    given = rows.filter(rows[question].notnull()).select(question).distinct()
    return tuple(given.order_by(question).limit(most + 1).to_pandas()[question])


def answers_to(rows: ir.Table, question: str, categories: Sequence[str]) -> Answers:
    """Put the answers to one question together.

    Args:
        rows: What `coded` returns.
        question: The column with the answers; null where there is none.
        categories: What `categories_of` returns.
    """
    given = rows.filter(rows[question].notnull())
    place = ibis.dense_rank().over(ibis.window(order_by=given[question]))
    code = given.mutate(code=given[ANNOTATOR] * len(categories) + place)
    kinds = kinds_of_images(code)
    k, annotators = len(categories), int(rows[ANNOTATOR].max().execute()) + 1
    kept = math.comb(annotators, 2) * k**2 <= MOST_CELLS
    answered = items_of(kinds["items"].combine_chunks(), annotators if kept else 0, k)
    types, kind = np.unique(answered, axis=0, return_inverse=True)
    image = np.repeat(np.arange(len(kinds)), pc.list_value_length(kinds["items"]).to_numpy())
    shape = (len(kinds), len(types))
    return Answers(
        categories=tuple(categories),
        times=kinds["times"].to_numpy().astype(np.int64),
        items=csr_array((np.ones(len(kind), np.int64), (image, kind)), shape=shape),
        group=types[:, 0],
        counts=counted(types[:, 1:], k) if kept else types[:, 1:],
        by_annotator=types[:, 1:] if kept else None,
    )


def kinds_of_images(code: ir.Table) -> Any:
    """Return how many images have the same items, as lists of the group and the answers' codes."""
    item = code.group_by([IMAGE, ITEM, GROUP]).agg(codes=code["code"].collect(order_by="code"))
    listed = item.select(IMAGE, item=ibis.array([item[GROUP]]).concat(item["codes"]))
    images = listed.group_by(IMAGE).agg(items=listed["item"].collect(order_by="item"))
    kinds = images.group_by("items").agg(times=images.count())
    return kinds.order_by("items").to_pyarrow()


def items_of(lists: Any, annotators: int, categories: int) -> Numbers:
    """Return the group of each item, and who answered what, as one row an item.

    Args:
        lists: The items of each kind of image, as lists of the group and the answers' codes.
        annotators: How many there are; 0 if the row should have how often each category was
            answered instead.
        categories: How many categories there are.
    """
    items = lists.flatten()
    lengths = pc.list_value_length(items).to_numpy().astype(np.int64)
    numbers = items.flatten().to_numpy().astype(np.int64)
    begins = np.cumsum(lengths) - lengths
    item = np.delete(np.repeat(np.arange(len(lengths)), lengths), begins)
    who, what = np.divmod(np.delete(numbers, begins), categories)
    if annotators:
        chosen = np.full((len(lengths), annotators), -1, dtype=np.int64)
        chosen[item, who] = what
    else:
        chosen = np.zeros((len(lengths), categories), dtype=np.int64)
        np.add.at(chosen, (item, what), 1)
    return np.column_stack([numbers[begins], chosen])


def counted(by_annotator: Numbers, categories: int) -> Numbers:
    """Count the answers of each category; shapes (t, annotators) to (t, k)."""
    return np.stack([(by_annotator == c).sum(axis=1) for c in range(categories)], axis=1)
