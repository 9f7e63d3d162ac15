"""What a finding rule is: a stable code, its texts, and a search through the audit's tables."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.model.finding import Finding
from toolkit.model.slices import Status
from toolkit.stats.intervals import z_value
from toolkit.stats.power import units_needed
from toolkit.wording.numbers import needed
from toolkit.wording.slices import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from toolkit.config import AuditConfig
    from toolkit.model.attribute import Attribute
    from toolkit.model.finding import Severity


@dataclass(frozen=True)
class Measured:
    """What rules look at: the tables, what their attributes mean, and the settings.

    `facts` is what no number can say, by metric and subject (`SliceTable.facts`).
    """

    tables: Mapping[str, pd.DataFrame]
    attributes: Mapping[str, Attribute]
    config: AuditConfig
    facts: Mapping[tuple[str, str], Mapping[str, str]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def rows(self, metric: str, *statuses: Status) -> Iterator[Any]:
        """Yield the rows of a table as named tuples; by default those with a number."""
        table = self.tables.get(metric)
        if table is not None:
            wanted = statuses or (Status.OK, Status.SMALL)
            yield from table[table["status"].isin(wanted)].itertuples()

    def words(self, printed: str) -> str:
        """Return a slice in the words of the data, each perceived attribute called perceived."""
        return in_words(printed, self.attributes)

    def significant(self, q_value: float) -> bool:
        """Whether a corrected p-value is below the level of the intervals."""
        return q_value < 1 - self.config.slices.confidence

    def may_guess(self, n: float) -> bool:
        """Whether a group is large enough to say what it cannot show; cards mask smaller ones."""
        return n >= self.config.slices.suppress_below

    @property
    def confidence(self) -> str:
        """The level of every interval, as `95%`."""
        return f"{100 * self.config.slices.confidence:.4g}%"


class Rule(ABC):
    """A rule that turns measured numbers into findings; its class's name is its code.

    Attributes:
        title: The finding in a few words, and `family` the metrics it is about.
        needs: The tables it reads; where they are absent it finds nothing.
        message: The sentence of a finding, with fields to fill.
        meaning: What it says and how severe it is; with `example`, `formula` and `advice` the
            text of its page in the documentation.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    family: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    message: ClassVar[str]
    meaning: ClassVar[str]
    example: ClassVar[str]
    formula: ClassVar[str]
    advice: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Take the code from the class's name."""
        cls.code = cls.__name__

    @abstractmethod
    def find(self, measured: Measured) -> Iterator[Finding]:
        """Yield what somebody should look at."""


def about(
    rule: Rule,
    row: Any,
    severity: Severity,
    limit: float,
    message: str,
    evidence: Mapping[str, str] = MappingProxyType({}),
) -> Finding:
    """Return a finding with the numbers of one row; its effect is the sure part of its value."""
    numbers = (row.n, row.value, row.ci_low, row.ci_high, limit)
    effect = float(row.ci_low)
    return Finding(rule.code, severity, row.subject, row.slice, *numbers, message, effect, evidence)


def undecided(row: Any, notable: float, measured: Measured) -> str:
    """Say how many units of a group would show that its difference is notable, if it is as seen.

    Args:
        row: A difference from 0 with its interval.
        notable: How far from 0 a difference has to be shown to lie.
        measured: For the level of the interval.
    """
    confidence = measured.config.slices.confidence
    se = (row.ci_high - row.ci_low) / (2 * z_value(confidence))
    units = float(units_needed(row.n, abs(row.value) - notable, se, confidence=confidence))
    # With enough units for a single test, it was the correction for many that made the difference.
    return needed(units if units > row.n else math.nan)
