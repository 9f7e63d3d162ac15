"""Boxes to boxes by IoU: which boxes of two sets over the same images are the same thing.

All images of a batch are matched at once. Boxes are told apart by their place in the batch, so
ties are broken by the order in which the caller has put them; `whole_images` fetches the boxes of
an image in an order that depends on nothing but their content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np

from toolkit.model.dataset import BOX_COLUMNS
from toolkit.stats.arrays import divide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from toolkit.config import MatchingConfig
    from toolkit.config.agreement import GroupPolicy

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]
    Mask = NDArray[np.bool_]

BATCH: Final = 200_000
"""How many boxes are fetched at a time."""
MOST_PAIRS: Final = 2_000_000
"""How many pairs of boxes are compared at a time."""


@dataclass(frozen=True)
class Boxes:
    """The boxes of some images, by ascending number of the image.

    Attributes:
        image: The number of each box's image; shape (n,).
        corners: x_min, y_min, x_max, y_max in any one unit; shape (n, 4).
        label: The number of each box's label; shape (n,).
        group: Whether a box is drawn around several people or things; shape (n,).
    """

    image: Places
    corners: Floats
    label: Places
    group: Mask

    def __len__(self) -> int:
        return len(self.image)

    def of(self, chosen: Mask | Places) -> Boxes:
        """Return the chosen boxes alone, in the order they are chosen in."""
        return Boxes(
            self.image[chosen], self.corners[chosen], self.label[chosen], self.group[chosen]
        )


@dataclass(frozen=True)
class Pairs:
    """Pairs of boxes of one image, by their places in two sets, with their IoU; shape (p,) each."""

    first: Places
    second: Places
    iou: Floats

    def of(self, chosen: Mask | Places) -> Pairs:
        """Return the chosen pairs alone, in the order they are chosen in."""
        return Pairs(self.first[chosen], self.second[chosen], self.iou[chosen])

    @classmethod
    def together(cls, parts: Sequence[Pairs]) -> Pairs:
        """Put pairs together, by the place of the first box."""
        if not parts:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        first = np.concatenate([part.first for part in parts])
        second = np.concatenate([part.second for part in parts])
        pairs = cls(first, second, np.concatenate([part.iou for part in parts]))
        return pairs.of(np.argsort(first, kind="stable"))


def intersections(first: Floats, second: Floats) -> Floats:
    """Return the area that two boxes share; shapes (n, 4) to (n,)."""
    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, 2:], second[:, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0.0), axis=1))


def areas(corners: Floats) -> Floats:
    """Return the area of each box; shapes (n, 4) to (n,)."""
    return np.asarray(np.prod(corners[:, 2:] - corners[:, :2], axis=1))


def ious(first: Floats, second: Floats) -> Floats:
    """Return the intersection over union of two boxes each; shapes (n, 4) to (n,).

    0 for two boxes without area, of which nothing can be said.
    """
    shared = intersections(first, second)
    return np.nan_to_num(divide(shared, areas(first) + areas(second) - shared))


def pairs_in_images(first: Boxes, second: Boxes) -> Iterator[tuple[Places, Places]]:
    """Yield the places of all pairs of boxes of one image, some first boxes at a time."""
    begin = np.searchsorted(second.image, first.image, side="left")
    number = np.searchsorted(second.image, first.image, side="right") - begin
    upto = np.cumsum(number)
    start = 0
    while start < len(first):
        before = upto[start] - number[start]
        end = max(int(np.searchsorted(upto, before + MOST_PAIRS, side="right")), start + 1)
        one = np.repeat(np.arange(start, end), number[start:end])
        within = np.arange(len(one)) - np.repeat(
            upto[start:end] - number[start:end] - before, number[start:end]
        )
        yield one, begin[one] + within
        start = end


def candidates(first: Boxes, second: Boxes, least: float, *, labels: bool = False) -> Pairs:
    """Return the pairs of boxes of one image, and of one label if asked, with at least some IoU."""
    found = []
    for one, other in pairs_in_images(first, second):
        pairs = Pairs(one, other, ious(first.corners[one], second.corners[other]))
        possible = pairs.iou >= least
        if labels:
            possible &= first.label[one] == second.label[other]
        found.append(pairs.of(possible))
    return Pairs.together(found)


def greedy(pairs: Pairs, scores: Floats | None = None) -> Pairs:
    """Choose pairs one-to-one: the best first, then the best of what is left.

    A pair that is the best of both of its boxes is chosen by any such procedure, so all of these
    are taken at once, and again among the rest.

    Args:
        pairs: The pairs to choose from.
        scores: A score of each first box. If given, the boxes choose in descending order of it,
            as detections do in COCO's evaluation; else pairs are taken by descending IoU.
    """
    keys = [pairs.second, pairs.first, -pairs.iou]
    if scores is not None:
        keys = [pairs.second, -pairs.iou, pairs.first, -scores[pairs.first]]
    left = pairs.of(np.lexsort(keys))
    chosen = []
    while len(left.first):
        best = np.zeros(len(left.first), dtype=np.int64)
        for side in (left.first, left.second):
            best[np.unique(side, return_index=True)[1]] += 1
        chosen.append(left.of(best == 2))
        gone = np.isin(left.first, chosen[-1].first) | np.isin(left.second, chosen[-1].second)
        left = left.of(~gone)
    return Pairs.together(chosen)


def optimal(pairs: Pairs) -> Pairs:
    """Choose the pairs one-to-one that have the largest IoU in total (Kuhn 1955)."""
    part = connected(pairs)
    order = np.argsort(part, kind="stable")
    edges = np.flatnonzero(np.diff(part[order])) + 1
    return Pairs.together([assigned(pairs.of(places)) for places in np.split(order, edges)])


def assigned(pairs: Pairs) -> Pairs:
    """Choose the best pairs one-to-one among some that hang together."""
    from scipy.optimize import linear_sum_assignment

    if len(pairs.first) < 2:
        return pairs
    one, row = np.unique(pairs.first, return_inverse=True)
    other, column = np.unique(pairs.second, return_inverse=True)
    gain = np.zeros((len(one), len(other)))
    gain[row, column] = pairs.iou
    partner = np.full(len(one), -1)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    partner[rows] = columns
    return pairs.of(partner[row] == column)


def connected(pairs: Pairs) -> Places:
    """Number the pairs by what they hang together with through common boxes; shape (p,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, rows = np.unique(pairs.first, return_inverse=True)
    other, columns = np.unique(pairs.second, return_inverse=True)
    size = len(one) + len(other)
    links = coo_array((np.ones(len(rows)), (rows, len(one) + columns)), shape=(size, size))
    part = connected_components(links, directed=False)[1]
    return np.asarray(part[rows], dtype=np.int64)


def matched(first: Boxes, second: Boxes, settings: MatchingConfig) -> Pairs:
    """Match two sets of boxes one-to-one, by the place of the first box; groups are boxes too."""
    return one_to_one(candidates(first, second, settings.iou, labels=settings.labels), settings)


def one_to_one(pairs: Pairs, settings: MatchingConfig) -> Pairs:
    """Choose pairs one-to-one by the rule of the settings."""
    return greedy(pairs) if settings.rule == "greedy" else optimal(pairs)


def found(
    first: Boxes, second: Boxes, settings: MatchingConfig, policies: Iterable[GroupPolicy]
) -> dict[GroupPolicy, Mask]:
    """Say of each first box whether the second set has it, by policies on group boxes.

    By the policy `ignored`, no group box has a partner: the caller leaves them out.

    Returns:
        A mask of shape (n,) by policy.
    """
    pairs = candidates(first, second, settings.iou, labels=settings.labels)
    single = ~first.group[pairs.first] & ~second.group[pairs.second]
    there: dict[GroupPolicy, Mask] = {}
    for policy in policies:
        chosen = one_to_one(pairs.of(single) if policy == "ignored" else pairs, settings)
        there[policy] = np.isin(np.arange(len(first)), chosen.first)
        if policy == "covering":
            there[policy] |= covered(first, second, settings)
    return there


def covered(first: Boxes, second: Boxes, settings: MatchingConfig) -> Mask:
    """Say of each first box whether it lies in a group box of the second set, or has one in it.

    A box lies in a group box if the share of its own area in it is at least the IoU at which
    boxes match; the rule by which Open Images' detection challenge judges group boxes.
    """
    there = np.zeros(len(first), dtype=bool)
    within = np.flatnonzero(second.group)
    for one, other in pairs_in_images(first, second.of(within)):
        there[one[lies_in(first, one, second, within[other], settings)]] = True
    around = np.flatnonzero(first.group)
    for one, other in pairs_in_images(first.of(around), second):
        there[around[one][lies_in(second, other, first, around[one], settings)]] = True
    return there


def lies_in(inner: Boxes, i: Places, outer: Boxes, j: Places, settings: MatchingConfig) -> Mask:
    """Say of each pair whether enough of the inner box lies in the outer one; shape (p,)."""
    box = inner.corners[i]
    share = divide(intersections(box, outer.corners[j]), areas(box))
    enough = np.nan_to_num(share) >= settings.iou
    return enough & (inner.label[i] == outer.label[j]) if settings.labels else enough


def box_rows(table: ir.Table, columns: Sequence[str], ties: Sequence[str] = ()) -> ir.Table:
    """Return the rows that have a box, with what matching needs.

    Args:
        table: Annotations.
        columns: Further columns that are wanted.
        ties: The columns in which equal boxes may differ in a way that matters: they decide which
            of them comes first, so that the order of rows does not.
    """
    text = {f"tie_{i}": table[name].cast("string") for i, name in enumerate(ties)}
    corners = {name: table[name].cast("float64") for name in BOX_COLUMNS}
    flagged = table["is_group_of"] if "is_group_of" in table.columns else ibis.literal(value=False)
    needed = {**corners, "label": table["label"].cast("string"), "group": flagged}
    rows = table.select("image_id", **needed, **text, **{name: table[name] for name in columns})
    return rows.filter(rows["x_min"].notnull()).mutate(group=rows["group"].fill_null(False))


def whole_images(rows: ir.Table, order: Sequence[str] = ()) -> Iterator[pa.Table]:
    """Fetch rows of boxes in batches, every image whole.

    The images come in any order, for no box is matched with one of another image; the rows of an
    image come in an order that only their content gives.

    Args:
        rows: What `box_rows` returns, perhaps with further columns.
        order: The columns that come first in the order of an image's rows.

    Yields:
        The rows with the column `image`, a number by which they are ordered.
    """
    ids = rows.select("image_id").distinct()
    numbered = ids.mutate(image=ibis.row_number())
    by = list(dict.fromkeys(["image", *order, *BOX_COLUMNS, "label", "group", *rows.columns]))
    with rows.inner_join(numbered, "image_id").order_by("image").cache() as sorted_rows:
        number_of = int(sorted_rows.count().execute())
        images = int(ids.count().execute())
        step = max(1, images * BATCH // max(1, number_of))
        for start in range(0, images, step):
            number = sorted_rows["image"]
            some = sorted_rows.filter((number >= start) & (number < start + step))
            yield some.order_by(by).to_pyarrow()


def boxes_of(table: pa.Table) -> Boxes:
    """Return the boxes of a batch of `whole_images`."""
    corners = [table[name].to_numpy() for name in BOX_COLUMNS]
    label = table["label"].combine_chunks().dictionary_encode().indices.fill_null(-1)
    group = table["group"].to_numpy()
    return Boxes(table["image"].to_numpy(), np.stack(corners, axis=1), label.to_numpy(), group)
