"""Values that are not what they should be: undeclared, misspelt, of two types, rewritten."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ibis import _

from toolkit.faults import IMAGE_LABEL, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import ibis.expr.types as ir

    from toolkit.config import AuditConfig
    from toolkit.faults import Population
    from toolkit.model.attribute import Attribute

    Counts = Mapping[str, int]

LABELS: Final = ("label", IMAGE_LABEL)
"""The attributes to which the taxonomy applies."""
MOST_VALUES: Final = 100_000
"""Of a column with more different values, the most frequent ones are looked at."""
MOST_NAMED: Final = 10
MOST_COMPARED: Final = 1_000
"""Among more declared values, no likely one is looked for: it would take long."""
NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
MONTH: Final = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
FORMULA_ERROR: Final = re.compile(r"#(REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!)")
ROUNDED: Final = r"^\d(\.\d+)?E[-+]\d{2,}$"
REWRITTEN: Final = re.compile(
    rf"\d{{1,2}}-{MONTH}(-\d{{2,4}})?|{MONTH}-\d{{2,4}}|{ROUNDED[1:-1]}|"
    r"\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}-\d{2}-\d{2}( 00:00:00)?"
)
"""What Excel and its like make of `3-9`, `2/3` or a long number (Ziemann et al. 2016)."""


def strange_values(
    population: Population, config: AuditConfig, family: str = "integrity"
) -> Iterator[Fault]:
    """Look at the different values of the labels and of each attribute of text.

    Args:
        population: The rows.
        config: The settings, for the taxonomy of labels.
        family: The family of metrics in whose tables the faults are counted.

    A value gets one fault at most: what a spreadsheet has rewritten is not also undeclared, and
    where values are declared, nothing else is asked of them.
    """
    dataset, rows = population.dataset, population.rows
    for attribute in dataset.attributes.values():
        name = attribute.name
        if attribute.table != f"{population.unit}s" or not rows[name].type().is_string():
            continue
        counts = value_counts(rows, name)
        declared = declared_values(attribute, counts, population, config)
        damaged = rewritten(counts)
        yield fault(f"{family}.spreadsheet", name, damaged, counts)
        left = {value: n for value, n in counts.items() if value not in damaged}
        if declared:
            metric = "taxonomy" if name in LABELS else "undeclared"
            yield fault(f"{family}.{metric}", name, undeclared(left, declared), counts)
        else:
            known = {value: n for value, n in left.items() if attribute.knows(value)}
            yield fault(f"{family}.spelling", name, misspelt(left), counts)
            yield fault(f"{family}.mixed_types", name, of_the_rarer_type(known), counts)
    if population.key == "annotation_id" or dataset.annotations is None:
        ids = rows["image_id"]
        rounded = rows.filter(ids.contains("E") & ids.re_search(ROUNDED))
        counts = value_counts(rounded, "image_id")
        yield fault(f"{family}.spreadsheet", "image_id", dict.fromkeys(counts, ""), counts)


def value_counts(rows: ir.Table, name: str) -> dict[str, int]:
    """Count the rows of each value, the most frequent first; null is no value."""
    known = rows.filter(rows[name].notnull())
    counted = known.group_by(known[name].name("value")).agg(n=known.count())
    ordered = counted.order_by(counted["n"].desc(), "value")
    found = ordered.limit(MOST_VALUES).to_pandas()
    return dict(zip(found["value"], found["n"].tolist(), strict=True))


def declared_values(
    attribute: Attribute, counts: Counts, population: Population, config: AuditConfig
) -> list[str]:
    """Return the values that may occur; none if nobody declared any.

    A taxonomy may name labels by their codes or by their names for people.
    """
    if attribute.name not in LABELS:
        return [*attribute.values, *attribute.missing] if attribute.values else []
    taxonomy = config.labels.taxonomy
    known = set(taxonomy)
    by_name = [label for label in counts if population.dataset.label_name(label) in known]
    return [*taxonomy, *by_name] if taxonomy else []


def rewritten(counts: Counts) -> dict[str, str]:
    """Return the values that look like the work of a spreadsheet.

    A column in which every value is a date, or every one is in that notation, was meant so.
    """
    found = {value: "" for value in counts if REWRITTEN.fullmatch(value)}
    kept = {} if len(found) == len(counts) else found
    return kept | {value: "" for value in counts if FORMULA_ERROR.fullmatch(value)}


def undeclared(counts: Counts, declared: Iterable[str]) -> dict[str, str]:
    """Return the values that are not declared, each with the declared one it is nearest to."""
    known = list(dict.fromkeys(declared))
    strange = [value for value in counts if value not in set(known)]
    found = dict.fromkeys(strange, "")
    if len(known) <= MOST_COMPARED:
        by_form = {plain(value): value for value in known}
        for value in strange[:MOST_NAMED]:
            near = get_close_matches(plain(value), by_form, n=1)
            found[value] = f"did you mean {by_form[near[0]]!r}?" if near else ""
    return found


def misspelt(counts: Counts) -> dict[str, str]:
    """Return the values that differ from a more frequent one only by case or space."""
    forms = defaultdict(list)
    for value in counts:
        forms[plain(value)].append(value)
    return {other: f"elsewhere {usual!r}" for usual, *others in forms.values() for other in others}


def plain(value: str) -> str:
    """Return a value without what case and space make of it."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def of_the_rarer_type(counts: Counts) -> dict[str, str]:
    """Return the numbers if most rows hold words, or the words if most hold numbers."""
    numbers = {value: n for value, n in counts.items() if NUMBER.fullmatch(value)}
    words = {value: n for value, n in counts.items() if value not in numbers}
    if not numbers or not words:
        return {}
    rarer = numbers if sum(numbers.values()) <= sum(words.values()) else words
    return dict.fromkeys(rarer, "a number" if rarer is numbers else "no number")


def fault(metric: str, column: str, found: Mapping[str, str], counts: Counts) -> Fault:
    """Return the rows with one of the values found, which are named with a remark on each."""
    if not found:
        return Fault(metric, column, None)
    named = sorted(found, key=lambda value: (-counts[value], value))
    texts = [
        f"{value!r} ({counts[value]:,}{'; ' * bool(found[value])}{found[value]})"
        for value in named[:MOST_NAMED]
    ]
    more = f" and {len(named) - MOST_NAMED:,} more" if len(named) > MOST_NAMED else ""
    facts = MappingProxyType({"values": ", ".join(texts) + more})
    return Fault(metric, column, _[column].isin(list(found)), facts)
