"""From rows with attributes, and the labels of images, to the counts of every pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np

from toolkit.cooccurrence.counts import occurring
from toolkit.cooccurrence.patterns import MOST_IN_PATTERNS, by_pattern
from toolkit.cooccurrence.sums import by_group
from toolkit.errors import TooManyValuesError
from toolkit.model.slices import Slice
from toolkit.units import CLUSTER

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from toolkit.cooccurrence.counts import Cooccurrence
    from toolkit.cooccurrence.labels import Labelled
    from toolkit.image_totals import DrawnImages
    from toolkit.model.attribute import Attribute
    from toolkit.units import Units


def cooccurrence(
    counted: Units,
    images: ir.Table,
    labelled: Labelled,
    most_groups: int,
    drawn: DrawnImages | None = None,
    *,
    mentions: bool = False,
) -> Cooccurrence | None:
    """Count the images of every group, of every label and of every pair of them.

    Args:
        counted: The rows whose values make the groups; unknown values make none.
        images: `image_id` and the number of the image.
        labelled: The labels of these images.
        most_groups: The most groups there may be.
        drawn: How the images were drawn; None if each is a sampling unit and weighs the same.
        mentions: Whether to count each pair of a group and a label of an image as a unit of its
            own, clustered by image; for up to `MOST_IN_PATTERNS` groups and no other draw.

    Returns:
        None where fewer than two labels meet any group, and where mentions cannot be counted.

    Raises:
        TooManyValuesError: If there are more groups than allowed.
    """
    keys = {f"key_{i}": counted.rows[name] for i, name in enumerate(counted.attributes)}
    known = [knows(counted.rows[name], a) for name, a in counted.attributes.items()]
    rows = counted.rows.filter(*known).select(CLUSTER, **keys)
    groups = rows.select(*keys).distinct().to_pandas()
    groups = groups.sort_values(list(keys), ignore_index=True)
    if len(groups) > most_groups:
        raise TooManyValuesError(" & ".join(counted.attributes), len(groups), most_groups)
    groups["group"] = np.arange(len(groups), dtype=np.int16)
    having = rows.inner_join(ibis.memtable(groups), list(keys)).inner_join(images, CLUSTER)
    having = having.select("image", "group")
    slices = tuple(
        Slice(tuple(zip(counted.attributes, values, strict=True)))
        for values in groups[list(keys)].itertuples(index=False, name=None)
    )
    if drawn is None and len(slices) <= MOST_IN_PATTERNS:
        return occurring(by_pattern(having, slices, labelled, mentions=mentions))
    if mentions:
        return None
    return occurring(by_group(having, images, slices, labelled, drawn))


def knows(column: ir.Column, attribute: Attribute) -> ir.BooleanColumn:
    """Say of each row whether its value of the attribute is known."""
    return column.notnull() & ~column.isin(attribute.missing)
