"""The images that can be in a group, by number, and the labels they have."""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np
import pandas as pd

from toolkit.units import CLUSTER, of_same_rows, units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir

    from toolkit.model.dataset import AnnotatedDataset

MOST_AT_ONCE: Final = 400_000
"""How many pairs of image and label are made distinct at a time."""


@dataclass(frozen=True)
class Labelled:
    """The labels of the images that can be in a group.

    Attributes:
        names: The labels in their order; the number of each is its place.
        pairs: `image` and `label`, the numbers of an image and of a label it has, each pair once.
        images: `image` and `labels`, how many the image has.
    """

    names: tuple[str, ...]
    pairs: ir.Table
    images: ir.Table


def numbered_images(dataset: AnnotatedDataset, by: Sequence[tuple[str, ...]]) -> ir.Table:
    """Number the images that can be in a group: numbers are joined faster than names."""
    counted = [units(dataset, together[0]) for together in of_same_rows(dataset, by, None)]
    images = reduce(ibis.union, (one.rows.select(CLUSTER) for one in counted)).distinct()
    return images.select(CLUSTER, image=ibis.row_number().cast("int32"))


@contextmanager
def labelled_images(rows: ir.Table, images: ir.Table) -> Iterator[Labelled]:
    """Look up the labels of the images that can be in a group.

    Args:
        rows: `image_id` and `label`, also repeatedly; the label is text or null.
        images: `image_id` and the number of the image.
    """
    named = rows.filter(rows["label"].notnull()).select(CLUSTER, "label")
    names = sorted(named.select("label").distinct().to_pandas()["label"])
    numbers = pd.DataFrame({"label": names, "number": np.arange(len(names), dtype=np.int16)})
    there = named.inner_join(images, CLUSTER).select("image", "label")
    pairs = there.inner_join(ibis.memtable(numbers), "label").select("image", label="number")
    with ExitStack() as caches:
        distinct = once_each(pairs, caches)
        per = distinct.group_by("image").agg(labels=distinct.count().cast("int32"))
        yield Labelled(tuple(names), distinct, caches.enter_context(per.cache()))


def once_each(pairs: ir.Table, caches: ExitStack) -> ir.Table:
    """Return each pair of image and label once.

    Some images after the others, because what makes rows distinct takes ten times their memory.
    """
    with pairs.cache() as listed:
        turns = math.ceil(listed.count().execute() / MOST_AT_ONCE) or 1
        parts = [
            caches.enter_context(listed.filter(listed["image"] % turns == i).distinct().cache())
            for i in range(turns)
        ]
    return ibis.union(*parts) if turns > 1 else parts[0]
