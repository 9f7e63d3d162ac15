"""Counting by the set of the groups that an image has.

There are few such sets. Images by set and label say all at once: who meets whom, and on how many
images two groups meet the same label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

import ibis
import numpy as np

from toolkit.cooccurrence.counts import ANY, Cooccurrence, Moments

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from toolkit.cooccurrence.labels import Labelled
    from toolkit.model.slices import Slice

    Array = NDArray[np.float64]

MOST_IN_PATTERNS: Final = 9
"""Up to this many groups an image's set of them is counted, which are at most 511 sets."""


@dataclass(frozen=True)
class Patterns:
    """Images by the set of their groups, and by that and label, for q sets and l labels.

    Attributes:
        members: 1 where a set has the group, and in the last row for `ANY`; shape (k + 1, q).
        own: Images with the set; shape (q,). `squares` is the same where each counts once.
        squares: See `own`.
        cells: Images with set and label; shape (q, l).
        across: The products of what an image adds to `cells` and to `own`; shape (q, l).
    """

    members: Array
    own: Array
    squares: Array
    cells: Array
    across: Array

    def cooccurrence(self, groups: tuple[Slice, ...], labels: tuple[str, ...]) -> Cooccurrence:
        """Add the sets up to groups, and to pairs of groups."""
        number = [*range(len(groups)), ANY]
        pairs = list(product(number, repeat=2))
        shared = np.array([self.members[g] * self.members[h] for g, h in pairs])
        place = {pair: i for i, pair in enumerate(pairs)}
        moments = Moments(place, shared @ self.cells, shared @ self.across, shared @ self.squares)
        counts, totals = self.members @ self.cells, self.members @ self.own
        return Cooccurrence(
            groups=groups,
            labels=labels,
            counts=counts[:-1],
            observed=counts[:-1],
            with_group=totals[:-1],
            with_label=counts[-1],
            n=float(totals[-1]),
            n_images=0,
            moments=moments,
        )


def by_pattern(
    having: ir.Table, groups: tuple[Slice, ...], labelled: Labelled, *, mentions: bool
) -> Cooccurrence:
    """Count images by label and by the set of their groups, one bit a group.

    With `mentions`, what is counted is not the image but each pair of one of its groups and one
    of its labels: every unit then has one group and one label, as a contingency table asks.
    """
    bits = ibis.literal(1, "int32") << having["group"].cast("int32")
    with having.group_by("image").agg(pattern=bits.bit_or()).cache() as patterns:
        of_images = labelled.images.inner_join(patterns, "image")
        number = of_images["labels"].cast("int64")
        sums = {"total": of_images.count(), "once": number.sum(), "square": (number**2).sum()}
        own = of_images.group_by("pattern").agg(**sums).to_pandas()
        both = labelled.pairs.inner_join(patterns, "image")
        if mentions:
            both = both.inner_join(labelled.images, "image")
        across = both["labels"].cast("int64").sum() if mentions else both.count()
        met = both.group_by(["pattern", "label"]).agg(total=both.count(), across=across).to_pandas()
    own = own.sort_values("pattern", ignore_index=True)
    place = np.searchsorted(own["pattern"], met["pattern"]), met["label"]
    cells, crossed = np.zeros((2, len(own), len(labelled.names)))
    cells[place], crossed[place] = met["total"], met["across"]
    sets = own["pattern"].to_numpy() >> np.arange(len(groups))[:, np.newaxis]
    members = (sets & 1).astype(np.float64)
    every = members.sum(axis=0) if mentions else np.ones(len(own))
    once, square = (own[name].to_numpy(np.float64) for name in ("once", "square"))
    images = own["total"].to_numpy(np.float64)
    amounts = (once, square) if mentions else (images, images)
    found = Patterns(np.vstack([members, every]), *amounts, cells, crossed)
    counted = found.cooccurrence(groups, labelled.names)
    return replace(counted, n_images=int(images.sum()), clustered=mentions)
