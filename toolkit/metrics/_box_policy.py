"""Which marked boxes are measured: as the settings state, and each of their choices the other way.

The marks are attributes to slice by like any other, so that the boxes of all choices are counted
at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.model.attribute import Attribute
from toolkit.model.slices import OVERALL, Slice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from toolkit.config import GeometryConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.slicing import Totals

POLICIES: Final = {"is_group_of": "group_boxes", "is_depiction_of": "depiction_boxes"}
"""The flags that may keep a box out, and the settings that say whether they do."""
UNMARKED: Final = "false"


@dataclass(frozen=True)
class Choice:
    """Which boxes stay out.

    Attributes:
        out: The attributes that mark them.
        differs: What is other than in the settings, as `group boxes in`; empty for the settings'
            own choice.
    """

    out: tuple[str, ...]
    differs: str = ""

    def subject(self, name: str) -> str:
        """Return what a number is about, with what is other than in the settings."""
        return f"{name} ({self.differs})" if name and self.differs else name or self.differs

    def kept(self, found: Totals) -> Totals:
        """Return the totals of the boxes that do not stay out, without their marks."""
        attributes = tuple(a for a in found.attributes if a.name not in self.out)
        marks = [{v for name, v in g.terms if name in self.out} for g in found.groups]
        inside = found.of(np.array([values <= {UNMARKED} for values in marks], dtype=bool))
        groups = tuple(Slice(group.terms[: len(attributes)]) for group in inside.groups)
        return replace(inside, attributes=attributes, groups=groups)


def choices(config: GeometryConfig, flags: Collection[str]) -> list[Choice]:
    """Return the settings' choice, then each other one for the flags that are set anywhere."""
    stated = {flag: getattr(config, POLICIES[flag]) for flag in POLICIES if flag in flags}
    found = [Choice(marks_out(stated))]
    for flag, policy in stated.items():
        other = "in" if policy == "out" else "out"
        differs = f"{POLICIES[flag].replace('_', ' ')} {other}"
        found.append(Choice(marks_out({**stated, flag: other}), differs))
    return found


def chosen(found: Iterable[Totals], wanted: Collection[Choice]) -> Iterator[tuple[Choice, Totals]]:
    """Yield the totals that each choice keeps; once also of all groups, where no mark is needed.

    Every other choice has its totals of all boxes from a slicing by its marks alone.
    """
    complete = False
    for totals in found:
        choice = choice_of(totals, wanted)
        if not choice.out and not complete:
            complete = True
            yield choice, whole(totals)
        yield choice, choice.kept(totals)


def whole(found: Totals) -> Totals:
    """Return the totals of all groups as those of one."""
    images = found.drawn_images
    return replace(
        found,
        attributes=(),
        groups=(OVERALL,),
        present=np.array([found.covered]),
        numbers={name: np.array([n.sum()]) for name, n in found.numbers.items()},
        totals={name: np.array([total.sum()]) for name, total in found.totals.items()},
        cross={pair: np.array([[sums.sum()]]) for pair, sums in found.cross.items()},
        drawn_images=images
        and replace(images, totals=images.totals[[0, 0]], cross=images.cross[[0, 0]]),
    )


def choice_of(found: Totals, wanted: Collection[Choice]) -> Choice:
    """Return the choice whose marks are among the attributes that some totals are by."""
    names = {attribute.name for attribute in found.attributes}
    marks = tuple(mark(flag) for flag in POLICIES if mark(flag) in names)
    return next(choice for choice in wanted if choice.out == marks)


def marks_out(policies: dict[str, str]) -> tuple[str, ...]:
    """Return the attributes that mark the boxes that stay out."""
    return tuple(mark(flag) for flag, policy in policies.items() if policy == "out")


def mark(flag: str) -> str:
    """Return the name of the attribute that says whether a flag is known to be set."""
    return f"toolkit_{flag}"


def with_marks(dataset: AnnotatedDataset, flags: Collection[str]) -> AnnotatedDataset:
    """Return the dataset with a mark as attribute for each flag; not known is not marked."""
    rows = dataset.annotations
    if rows is None or not flags:
        return dataset
    columns = {mark(flag): rows[flag].fill_null(False).cast("string") for flag in flags}
    marks = {name: Attribute(name, "annotations", (UNMARKED, "true")) for name in columns}
    return replace(dataset.with_attributes(marks), annotations=rows.mutate(**columns))
