"""FiftyOne: an audited dataset in its database, with a saved view for every finding."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import ibis

from toolkit.config import AuditConfig
from toolkit.errors import FiftyOneError, SettingsError
from toolkit.evidence import KEYS, evidence
from toolkit.exchange._fiftyone_samples import (
    GROUND_TRUTH,
    PLACE,
    RESERVED_OF_LABEL,
    RESERVED_OF_SAMPLE,
    field_name,
    model_fields,
    nested,
    sample_of,
)
from toolkit.intake.ingest import union
from toolkit.model.slices import Unit
from toolkit.pipeline import with_settings
from toolkit.registry import available
from toolkit.signals import SIGNALS, derive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir

    from toolkit.evidence import Evidence
    from toolkit.model.attribute import Attribute
    from toolkit.model.audit import AuditRecord
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.model.finding import Finding
    from toolkit.pipeline import Progress

BATCH: Final = 1_000
"""How many images are written at once."""
STAGE: Final = "writing to FiftyOne"
MOST_CHARACTERS: Final = 200
"""The longest name of a view, which the App shows in one line."""
MOST_COLOURED: Final = 50
PALETTE: Final = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000",
)  # fmt: skip
"""Colours that colour-blind people can tell apart (Okabe and Ito 2008)."""
NOT_KNOWN: Final = "#999999"


def to_fiftyone(
    audit: AuditRecord,
    dataset: AnnotatedDataset | None,
    name: str,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Any:
    """Write an audited dataset to FiftyOne.

    Args:
        audit: What was found.
        dataset: What was audited.
        name: The name of the new FiftyOne dataset.
        overwrite: Whether one of that name is replaced, when the new one is complete.
        progress: Called with the stage's name, the images written and their number.

    Returns:
        The persistent `fiftyone.Dataset`.

    Raises:
        FiftyOneError: If FiftyOne is not installed, or its database does not answer.
        SettingsError: If the name is taken, or the audit was opened from a folder.
    """
    if dataset is None:
        what = "An audit that was opened from a folder has no images and annotations"
        raise SettingsError(what, "to_fiftyone", "Load the dataset and audit it again.")
    fo = opened()
    if fo.dataset_exists(name) and not overwrite:
        what = f"There is a FiftyOne dataset {name!r} already"
        raise SettingsError(what, "name", "Choose another name, or set overwrite=True.")
    # What was there is only replaced by something whole.
    written = fo.Dataset(f"partial-{uuid4().hex}")
    try:
        fill(fo, written, audit, dataset, progress)
        if fo.dataset_exists(name):
            fo.delete_dataset(name)
        written.name = name
    except BaseException:
        written.delete()
        raise
    written.persistent = True
    return written


def opened() -> Any:
    """Import FiftyOne, which connects to its database.

    Raises:
        FiftyOneError: If it is not installed, or the database does not answer.
    """
    try:
        import fiftyone as fo
    except ImportError as error:
        raise FiftyOneError(
            'FiftyOne is not installed. Run `pip install "dataset-audit-toolkit[fiftyone]"`.'
        ) from error
    except Exception as error:
        raise no_database(error) from error
    try:
        fo.list_datasets()
    except Exception as error:
        raise no_database(error) from error
    return fo


def no_database(error: Exception) -> FiftyOneError:
    """Say how to start the database that does not answer."""
    return FiftyOneError(
        f"FiftyOne's database does not answer ({type(error).__name__}). Start MongoDB with "
        "`mongod --dbpath FOLDER`, and set FIFTYONE_DATABASE_URI=mongodb://localhost:27017."
    )


def fill(
    fo: Any,
    target: Any,
    audit: AuditRecord,
    dataset: AnnotatedDataset,
    progress: Progress | None,
) -> None:
    """Write images, annotations, labels, predictions, signals, views and colours."""
    config = AuditConfig.model_validate(dict(audit.config))
    prepared = with_settings(dataset, config)
    names = view_names(audit.found)
    with ExitStack() as caches:
        behind = list(evidence(prepared, audit.found, config, caches))
        derived = derive(prepared, available("signals", SIGNALS).values())
        tags = {unit: tags_of(unit, names, behind) for unit in Unit}
        rows = caches.enter_context(nested(derived, *tags.values()).cache())
        add_samples(fo, target, derived, rows, progress)
        colouring = [coloured(derived, attribute) for attribute in audit.attributes]
    add_views(fo, target, zip(names, audit.found, behind, strict=True))
    target.info = {"source": audit.provenance.source}
    target.app_config.color_scheme = fo.ColorScheme(
        color_by="value", color_pool=list(PALETTE), fields=in_fields(colouring)
    )
    target.save()


def view_names(findings: Sequence[Finding]) -> list[str]:
    """Name the view of each finding by its code, subject and slice; no two names clash."""
    from fiftyone.core.utils import to_slug

    names: list[str] = []
    slugs: set[str] = set()
    for finding in findings:
        parts = (finding.code, finding.subject, finding.slice)
        name = first = " ".join(part for part in parts if part)[:MOST_CHARACTERS].strip()
        number = 1
        while to_slug(name) in slugs:
            number += 1
            name = f"{first} ({number})"
        slugs.add(to_slug(name))
        names.append(name)
    return names


def tags_of(unit: Unit, names: Sequence[str], behind: Sequence[Evidence]) -> ir.Table | None:
    """Return the list `tags` of each row that is behind a finding, by its id; None without any."""
    tagged = [
        one.keys.mutate(tag=ibis.literal(name))
        for name, one in zip(names, behind, strict=True)
        if one.unit is unit and one.keys is not None
    ]
    if not tagged:
        return None
    rows = union(tagged)
    return rows.group_by(KEYS[unit]).agg(tags=rows["tag"].collect(order_by=rows["tag"]))


def add_samples(
    fo: Any, target: Any, dataset: AnnotatedDataset, rows: ir.Table, progress: Progress | None
) -> None:
    """Write the samples, some images at a time."""
    models = model_fields(dataset)
    number = int(rows.count().execute())
    for start in range(0, number, BATCH):
        batch = rows.filter(rows[PLACE].between(start, start + BATCH - 1)).order_by(PLACE)
        found = batch.to_pyarrow().to_pylist()
        samples = [sample_of(fo, row, dataset.root, models) for row in found]
        target.add_samples(samples, dynamic=True, progress=False)
        if progress:
            progress(STAGE, start + len(samples), number)


def add_views(fo: Any, target: Any, findings: Iterable[tuple[str, Finding, Evidence]]) -> None:
    """Save the view of each finding: the images, or the boxes, that are tagged with its name."""
    for name, finding, behind in findings:
        if behind.unit is Unit.IMAGE:
            view = target.match_tags(name)
        else:
            tagged = fo.ViewField("tags").contains(name)
            view = target.filter_labels(GROUND_TRUTH, tagged)
        target.save_view(name, view, description=finding.message)


def coloured(dataset: AnnotatedDataset, attribute: Attribute) -> dict[str, Any]:
    """Give each value of an attribute a colour, and those that say nothing grey."""
    values = [*attribute.values] or values_of(dataset, attribute)
    named = [value for value in values if value not in attribute.missing][:MOST_COLOURED]
    colours = dict(zip(named, cycle(PALETTE)))
    colours |= dict.fromkeys(attribute.missing, NOT_KNOWN)
    pairs = [{"value": value, "color": colour} for value, colour in colours.items()]
    if attribute.table == "images":
        return {"path": field_name(attribute.name, RESERVED_OF_SAMPLE), "valueColors": pairs}
    name = field_name(attribute.name, RESERVED_OF_LABEL)
    return {"path": GROUND_TRUTH, "colorByAttribute": name, "valueColors": pairs}


def values_of(dataset: AnnotatedDataset, attribute: Attribute) -> list[str]:
    """Return the commonest values of an attribute in the order of the alphabet."""
    table = getattr(dataset, attribute.table)
    found = table.group_by(value=table[attribute.name].cast("string")).agg(n=table.count())
    known = found.filter(found["value"].notnull()).order_by(found["n"].desc(), found["value"])
    return sorted(known.limit(MOST_COLOURED).to_pandas()["value"])


def in_fields(colouring: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the first colouring of each field, for a field can have but one."""
    fields: dict[str, Mapping[str, Any]] = {}
    for one in colouring:
        fields.setdefault(one["path"], one)
    return list(fields.values())
