"""The only module that sees every stage: from a dataset and settings to the record of an audit."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from toolkit.checks import RULES, Measured, judge
from toolkit.config import AuditConfig, read_toml
from toolkit.errors import SettingsError, UnknownNameError
from toolkit.metrics import METRICS
from toolkit.model.attribute import Attribute
from toolkit.model.audit import AuditRecord, Run, strict
from toolkit.model.slices import SliceTable
from toolkit.registry import available
from toolkit.render.card.stated import answers
from toolkit.signals import SIGNALS, derive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from toolkit.config import AttributeConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.model.finding import Finding

    By = Sequence[str | Sequence[str]]
    Progress = Callable[[str, int, int], None]

LIBRARIES: Final = ("dataset-audit-toolkit", "duckdb", "ibis-framework", "numpy", "pandas", "scipy")
NOT_BY_DEFAULT: Final = frozenset({"label", "split"})


def run(
    dataset: AnnotatedDataset,
    by: By | None = None,
    config: AuditConfig | None = None,
    progress: Progress | None = None,
) -> AuditRecord:
    """Audit a dataset.

    Args:
        dataset: What is audited.
        by: Attributes, and tuples of attributes for intersections; by default those of the
            settings, else every sensitive attribute and every pair of them.
        config: The settings.
        progress: Called with the stage's name, its number and the number of stages.

    Raises:
        UnknownNameError: If an attribute or a rule has no such name.
        SettingsError: If there is nothing to slice by.
        TooManyValuesError: If an attribute has too many values to be compared as groups.
    """
    config = config or AuditConfig()
    stated = stated_answers(config)
    prepared = with_settings(dataset, config)
    slicings = chosen(prepared, by if by is not None else config.slices.by)
    derived = derive(prepared, available("signals", SIGNALS).values())
    metrics = available("metrics", METRICS)
    measured: list[SliceTable] = []
    for number, (name, metric) in enumerate(metrics.items()):
        if progress:
            progress(name, number, len(metrics))
        measured.append(metric.measure(derived, slicings, config))
    tables = SliceTable.concat(measured).by_metric()
    found = findings(prepared, tables, config)
    if progress:
        progress("findings", len(metrics), len(metrics))
    names = dict.fromkeys(name for names in slicings for name in names)
    return AuditRecord(
        name=config.dataset.name or prepared.name,
        summary=MappingProxyType(summary(prepared, slicings, tables) | stated),
        attributes=tuple(prepared.attribute(name) for name in names),
        tables=MappingProxyType(tables),
        found=found,
        results=(),
        config=MappingProxyType(config.model_dump(mode="json")),
        provenance=prepared.provenance,
        run=this_run(tables, config),
    )


def with_settings(dataset: AnnotatedDataset, config: AuditConfig) -> AnnotatedDataset:
    """Return the dataset with what the settings say about its attributes.

    Raises:
        UnknownNameError: If the settings describe an attribute that the dataset does not have.
    """
    changed = {
        name: described(dataset.attribute(name), stated)
        for name, stated in config.attributes.items()
    }
    return dataset.with_attributes(changed)


def described(attribute: Attribute, stated: AttributeConfig) -> Attribute:
    """Return the attribute as the settings describe it; what they leave out stays."""
    known = stated.values or (list(stated.reference) if stated.reference else None)
    missing = tuple(attribute.missing if stated.missing is None else stated.missing)
    values = attribute.values if known is None else tuple(known)
    return Attribute(
        name=attribute.name,
        table=attribute.table,
        values=tuple(value for value in values if value not in missing),
        missing=missing,
        basis=stated.basis or attribute.basis,
        sensitive=attribute.sensitive if stated.sensitive is None else stated.sensitive,
        reference=MappingProxyType(stated.reference or dict(attribute.reference)),
        asked_in=attribute.asked_in,
    )


def chosen(dataset: AnnotatedDataset, by: By) -> list[tuple[str, ...]]:
    """Return what to slice by as tuples of attribute names, each once.

    Raises:
        UnknownNameError: If an attribute has no such name.
        SettingsError: If there is nothing to slice by.
    """
    wanted = [(names,) if isinstance(names, str) else tuple(names) for names in by]
    if not wanted:
        sensitive = [a.name for a in dataset.attributes.values() if a.sensitive]
        others = [name for name in dataset.attributes if name not in NOT_BY_DEFAULT]
        wanted = [(name,) for name in sensitive or others]
        wanted += list(combinations(sensitive, 2))
    if not wanted:
        raise SettingsError(
            "There is no attribute to slice by",
            f"dataset {dataset.name!r}",
            "Name the columns that are attributes under [dataset.columns] in audit.toml.",
        )
    for names in wanted:
        for name in names:
            dataset.attribute(name)
    return list(dict.fromkeys(wanted))


def findings(
    dataset: AnnotatedDataset, tables: Mapping[str, pd.DataFrame], config: AuditConfig
) -> tuple[Finding, ...]:
    """Apply all rules that the settings do not leave out.

    Raises:
        UnknownNameError: If the settings ignore a rule that does not exist.
    """
    rules = available("rules", RULES)
    for code in config.findings.ignore:
        if code not in rules:
            raise UnknownNameError("rule", code, rules, "[findings] ignore")
    kept = {code: rule for code, rule in rules.items() if code not in config.findings.ignore}
    return judge(Measured(tables, dataset.attributes, config), kept)


def summary(
    dataset: AnnotatedDataset,
    slicings: Sequence[tuple[str, ...]],
    tables: Mapping[str, pd.DataFrame],
) -> dict[str, Any]:
    """Count what there is, and say what was looked at."""
    kept = dataset.provenance.rows_kept
    by = ", ".join(" & ".join(names) for names in slicings)
    looked = [
        f"{metric}: {len(table):,} numbers" for metric, table in tables.items() if len(table)
    ]
    return {
        "images": dataset.n_images,
        "annotations": kept.get("annotations", 0),
        "image_labels": kept.get("image_labels", 0),
        "sliced_by": by,
        "looked_at": looked,
    }


def stated_answers(config: AuditConfig) -> dict[str, Any]:
    """Return what people stated for the data card, checked before anything is counted.

    Raises:
        ToolkitError: If the file is missing, no TOML, or answers no question of the card.
    """
    if config.card.stated is None:
        return {}
    content = read_toml(Path(config.card.stated))
    answers(content, config.card.stated)
    return {"stated": strict(content)}


def this_run(tables: Mapping[str, pd.DataFrame], config: AuditConfig) -> Run:
    """Say when and with what the audit was made, and how its families of tests were corrected."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    tests = {metric: int(table["p_value"].count()) for metric, table in tables.items()}
    how = f"{config.slices.correction} within each subject and entry of `by`"
    return Run(
        date=now.date().isoformat(),
        seed=config.seed,
        versions=MappingProxyType(
            {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
        ),
        families=MappingProxyType(
            {metric: f"{how}, {number:,} tests" for metric, number in tests.items() if number}
        ),
    )
