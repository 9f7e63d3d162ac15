"""An audit becomes a collection plan."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from toolkit.config import AuditConfig
from toolkit.errors import SettingsError
from toolkit.model.slices import Status
from toolkit.planning.cells import Cell, cells
from toolkit.planning.model import CollectionPlan, State
from toolkit.planning.programme import ROUNDING, alone, fewest
from toolkit.planning.targets import Target, compared_groups, targets_of
from toolkit.render._disclosure import Published
from toolkit.render._rows import NUMERIC, confidence, rows
from toolkit.wording.slices import BETWEEN, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from toolkit.config import PlanningConfig
    from toolkit.model.audit import AuditRecord
    from toolkit.stats.arrays import Floats

SIZES: Final = "geometry.boxes_per_image"
ALL_BOXES: Final = ("", "group boxes in")
"""Subjects of the sizes of images, the last that exists to be taken: shares count all boxes."""
ANY: Final = ""
"""The label of images that are collected for no label."""
NO_KIND: Final = "No kind of image that the annotation protocol allows would add to this group."
NOT_TOGETHER: Final = "It cannot be reached together with the other targets."
COLUMNS: Final = {
    **dict.fromkeys(("kind", "subject", "slice", "unit"), "str"),
    "n": "int64",
    **dict.fromkeys(("now", "wanted", "after", "design_effect", "images_alone"), "float64"),
    **dict.fromkeys(("state", "reason"), "str"),
}
"""The columns of `CollectionPlan.targets` and their types."""
NOTES: Final = (
    "An image is taken to show people of one group only, as many as an image of it shows now.",
    "All values of new annotations are taken to be known, as far as they are asked.",
    "For one target alone, the images are those that help it most.",
    "All together are fewer than their sum where one image helps several groups.",
    "They are more where the images of one group lower the shares of others.",
    "The units for evidence are those that each of two equal groups needs.",
    "Their design effect is the largest among the group's measured rates.",
)
UNWEIGHTED: Final = "Shares are of the units as they are, not as the sampling weights count them."
WITHHELD: Final = "Attributes with a group too small to be published are left out."


def plan(
    audit: AuditRecord,
    *,
    tolerance: float | None = None,
    disparity: float | None = None,
    power: float | None = None,
    rate: float | None = None,
    classes: bool | None = None,
) -> CollectionPlan:
    """Plan which images would give every group its share and enough evidence about it.

    What is not given is taken from `[planning]` of the audit's settings, else the default.

    Args:
        audit: The audit, for instance `Audit.open("out/audit")`.
        tolerance: The part of its reference share that each group is to have.
        disparity: The difference of rates between two groups that is to be found.
        power: How often it is to be found.
        rate: The rate in one of the two groups.
        classes: Whether the groups are to have their shares within each label as well.

    Raises:
        SettingsError: If a number is out of range, or the audit has no groups to plan for.
        TooManyValuesError: If the attributes have too many combinations of values.
    """
    given = {"tolerance": tolerance, "disparity": disparity, "power": power}
    given |= {"rate": rate, "classes": classes}
    aims = aims_of(audit, given)
    targets = list(targets_of(audit, aims))
    if not targets:
        raise SettingsError(
            "There is no group to plan for",
            f"audit of {audit.name!r}",
            "Audit it by an attribute; files leave out those with groups below "
            "`slices.suppress_below`.",
        )
    kinds = kinds_of(audit)
    wanting = {target.subject for target in targets if target.deficit > ROUNDING}
    labels = [ANY, *sorted(wanting - {ANY})]
    gains, deficits = programme_of(targets, kinds, labels)
    by_itself = alone(gains, deficits)
    tried = np.isfinite(by_itself) & np.array([not target.reason for target in targets])
    special = np.repeat([label != ANY for label in labels], len(kinds))
    solution = fewest(gains[tried], deficits[tried], special)
    missed = np.zeros(len(targets), dtype=bool)
    missed[tried] = solution.unmet
    images = solution.images.reshape(len(labels), len(kinds))
    weights = audit.config.get("slices", {}).get("weights")
    notes = [(UNWEIGHTED, weights), (WITHHELD, isinstance(audit, Published) and audit.masked)]
    return CollectionPlan(
        name=audit.name,
        date=audit.run.date,
        aims=MappingProxyType({**aims.model_dump(), "confidence": confidence(audit)}),
        images=collected(images, kinds, labels),
        targets=described(targets, kinds, labels, images, by_itself, missed),
        total=int(images.sum()),
        notes=(*NOTES, *(note for note, holds in notes if holds)),
        attributes=MappingProxyType({a.name: a for a in audit.attributes}),
    )


def aims_of(audit: AuditRecord, given: dict[str, Any]) -> PlanningConfig:
    """Return what the plan aims at.

    Raises:
        SettingsError: If a number is out of range.
    """
    said = {name: value for name, value in given.items() if value is not None}
    stated = audit.config.get("planning", {})
    return AuditConfig.of({"planning": {**stated, **said}}, "aims of the plan").planning


def kinds_of(audit: AuditRecord) -> list[Cell]:
    """Return the kinds of image that can be collected."""
    groups = compared_groups(audit)
    impossible = [frozenset(terms(r.slice)) for r in groups if r.status == Status.STRUCTURAL]
    measured = [row for row in rows(audit, SIZES) if row.status in NUMERIC and row.value > 0]
    sizes = {
        frozenset(terms(row.slice)): float(row.value)
        for subject in ALL_BOXES
        for row in measured
        if row.subject == subject
    }
    return cells([terms(row.slice) for row in groups], impossible, sizes)


def programme_of(
    targets: Sequence[Target], kinds: Sequence[Cell], labels: Sequence[str]
) -> tuple[csr_array, Floats]:
    """Return what each kind of image with each label adds to each target, and what each lacks.

    The columns are the kinds for the first label, then for the next. An image collected for a
    label helps the targets of that label and those of none.
    """
    width = len(labels) * len(kinds)
    place = {label: i for i, label in enumerate(labels)}
    at: list[NDArray[np.int64]] = []
    values: list[Floats] = []
    for target in targets:
        gains = target.gains(kinds)
        if target.subject == ANY:
            at.append(np.arange(width))
            values.append(np.tile(gains, len(labels)))
        elif target.subject in place:
            at.append(place[target.subject] * len(kinds) + np.arange(len(kinds)))
            values.append(gains)
        else:
            at.append(np.array([], dtype=np.int64))
            values.append(np.array([]))
    ends = np.cumsum([0, *(len(columns) for columns in at)])
    matrix = csr_array((np.concatenate(values), np.concatenate(at), ends), (len(targets), width))
    return matrix, np.array([target.deficit for target in targets])


def collected(
    images: NDArray[np.int64], kinds: Sequence[Cell], labels: Sequence[str]
) -> pd.DataFrame:
    """Return what is to be collected; see `CollectionPlan.images`."""
    columns = {"group": "str", "label": "str", "images": "int64", "annotations": "float64"}
    listed = [
        (group_of(kind), label, number, number * kind.annotations)
        for label, numbers in zip(labels, images, strict=True)
        for kind, number in zip(kinds, numbers, strict=True)
        if number
    ]
    return pd.DataFrame(listed, columns=list(columns)).astype(columns)


def group_of(kind: Cell) -> str:
    """Return the people on a kind of image as a printed slice."""
    return BETWEEN.join(f"{name}={value}" for name, value in kind.terms)


def described(
    targets: Sequence[Target],
    kinds: Sequence[Cell],
    labels: Sequence[str],
    images: NDArray[np.int64],
    by_itself: Floats,
    missed: NDArray[np.bool_],
) -> pd.DataFrame:
    """Return every target with what becomes of it; see `CollectionPlan.targets`."""
    for_label = dict(zip(labels, images, strict=True)) | {ANY: images.sum(axis=0)}
    none = np.zeros(len(kinds))
    listed = []
    for target, number, is_missed in zip(targets, by_itself, missed, strict=True):
        reason = target.reason or (NO_KIND if np.isinf(number) else NOT_TOGETHER * bool(is_missed))
        state = State.LEFT_OUT if reason else State.COLLECT if number else State.MET
        counts = for_label.get(target.subject, none)
        after = target.value(*(float(units @ counts) for units in target.added(kinds)))
        names = (target.kind, target.subject, target.slice, target.unit)
        numbers = (target.n, target.value(), target.wanted, after, target.design_effect)
        listed.append((*names, *numbers, np.nan if reason else number, state, reason))
    return pd.DataFrame(listed, columns=list(COLUMNS)).astype(COLUMNS)
