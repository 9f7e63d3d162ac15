"""What a rate of annotations differs by between each group and all others, put into a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.estimates import gaps_to_rest, names_of, statuses
from toolkit.model.slices import SliceTable, Unit
from toolkit.stats.multiplicity import adjust

if TYPE_CHECKING:
    from toolkit.config import AuditConfig
    from toolkit.slicing import Totals


def gap_table(
    totals: Totals, measure: str, base: str, metric: str, subject: str, config: AuditConfig
) -> SliceTable:
    """Compare the rate `measure` / `base` of each group with that of all others.

    Args:
        totals: Annotations by group, with the products of `pairs_of` both.
        measure: The numerator.
        base: The denominator; `n` says how many there are.
        metric: The table.
        subject: What the rate is of.
        config: The settings.
    """
    gap = gaps_to_rest(totals, measure, base, config.slices.confidence)
    n = totals.numbers[base]
    return SliceTable.of(
        {
            "metric": metric,
            "subject": subject,
            "unit": Unit.ANNOTATION,
            "slice": names_of(totals.groups),
            "n": n,
            "n_images": totals.present,
            "value": gap.difference.value,
            "ci_low": gap.difference.low,
            "ci_high": gap.difference.high,
            "reference": 0.0,
            "p_value": gap.p_value,
            "q_value": adjust(gap.p_value, config.slices.correction),
            "status": statuses(n, gap.difference.value, config.slices.min_n),
        }
    )
