"""Small groups are masked, and nothing published gives them away."""

import math
from dataclasses import replace
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests.render.records import AGE, GENDER, record, table
from toolkit.model.audit import AuditRecord
from toolkit.model.slices import Slice, Status
from toolkit.render._disclosure import hidden_cells, margins_of, publish
from toolkit.wording.slices import Terms

LIMIT = 11


def sizes_of(counts: np.ndarray) -> dict[Terms, int]:
    """Return the sizes of two attributes' groups and of their intersections."""
    k, m = counts.shape
    sizes: dict[Terms, int] = {(): int(counts.sum())}
    sizes |= {(("gender", str(i)),): int(counts[i].sum()) for i in range(k)}
    sizes |= {(("age", str(j)),): int(counts[:, j].sum()) for j in range(m)}
    cells = product(range(k), range(m))
    return sizes | {(("gender", str(i)), ("age", str(j))): int(counts[i, j]) for i, j in cells}


@given(arrays(int, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.integers(0, 40)))
def test_no_small_cell_is_shown_or_left_as_the_only_unknown_of_a_sum(counts: np.ndarray) -> None:
    """In every row and column no cell is small, and none that others could give away is alone."""
    sizes = sizes_of(counts)
    hidden = hidden_cells(sizes, margins_of(sizes), frozenset({"gender", "age"}), LIMIT)
    assert not any(0 < n < LIMIT for cut, n in sizes.items() if cut and cut not in hidden)
    assert () not in hidden
    names = {"gender", "age"}
    for whole, name in product(sizes, names):
        if name in dict(whole):
            continue
        parts = [
            c for c in sizes if len(c) == len(whole) + 1 and {*whole} < {*c} and name in dict(c)
        ]
        masked = [cut for cut in [whole, *parts] if cut in hidden]
        others = [cut for cut in [whole, *parts] if cut not in hidden and cut and sizes[cut]]
        assert len(masked) != 1 or not others


def crossed(counts: np.ndarray) -> AuditRecord:
    """Return an audit of two sensitive attributes and their intersection."""
    sizes = {str(Slice(cut)): n for cut, n in sizes_of(counts).items()}
    frame = table("representation.count", list(sizes), list(sizes.values()), 1.0)
    attributes = (replace(GENDER, name="gender"), replace(AGE, name="age"))
    tables = MappingProxyType({"representation.count": frame})
    return replace(record(), attributes=attributes, tables=tables, found=())


def shown(audit: AuditRecord) -> dict[str, float]:
    """Return the published sizes by slice; NaN for a masked one."""
    frame = publish(audit).audit.tables["representation.count"]
    return dict(zip(frame["slice"], frame["n"], strict=True))


def test_the_next_smallest_cell_is_masked_too() -> None:
    """Of 5, 20 and 300 members the 5 are small and the 20 would give them away; 0 stays."""
    published = shown(crossed(np.array([[5], [20], [300], [0]])))
    masked = {cut for cut, n in published.items() if math.isnan(n)}
    assert masked == {"gender=0", "gender=1", "gender=0 & age=0", "gender=1 & age=0"}
    assert published["gender=3"] == 0


def test_every_number_of_a_masked_group_is_gone() -> None:
    """A masked group has no number in any table, and neither have sums over its attribute."""
    audit = publish(record()).audit
    for metric, frame in audit.tables.items():
        masked = frame[
            frame["slice"].isin(["age_presentation=(missing)", "age_presentation=Older"])
        ]
        assert (masked["status"] == Status.SUPPRESSED).all(), metric
        assert masked.select_dtypes("number").isna().all(axis=None), metric
    balance = audit.tables["representation.imbalance"].set_index("subject")["status"]
    assert balance[AGE.name] == Status.SUPPRESSED
    assert balance[GENDER.name] == Status.OK


@pytest.mark.parametrize(
    ("observed", "masked"),
    [
        pytest.param([3, 212], [True, True], id="one group an image"),
        pytest.param([3, 300], [True, False], id="images show several groups"),
    ],
)
def test_pairs_are_masked_where_they_could_be_subtracted(
    observed: list[int], masked: list[bool]
) -> None:
    """A label's second group is masked only if its images add up over the groups."""
    slices = [f"{GENDER.name}={value}" for value in GENDER.values]
    expected = [100.0, 115.0]
    frame = table("association.observed", slices, observed, observed, expected, "Helmet", "image")
    audit = replace(record(), tables=MappingProxyType({"association.observed": frame}))
    published = publish(audit)
    assert published.audit.tables["association.observed"]["n"].isna().tolist() == masked
    assert published.masked == sum(masked)


def test_findings_about_masked_groups_keep_no_number() -> None:
    """A finding on 3 images says what it concerns and that its numbers are withheld."""
    audit = publish(record()).audit
    finding = next(f for f in audit.found if f.code == "ASC001")
    assert "Football helmet" in finding.message
    assert "perceived gender presentation" in finding.message
    assert not any(text in finding.message for text in ("3", "75"))
    assert math.isnan(finding.value)
    assert finding.n == 0


def test_nothing_is_masked_where_nobody_asks_for_it() -> None:
    """With `suppress_below = 0`, or without sensitive attributes, all numbers stay."""
    config = MappingProxyType({"slices": {"suppress_below": 0}})
    harmless = tuple(replace(a, sensitive=False) for a in record().attributes)
    for audit in (replace(record(), config=config), replace(record(), attributes=harmless)):
        published = publish(audit)
        assert published.masked == 0
        assert published.audit.found == audit.found


def test_publishing_changes_a_copy() -> None:
    """The audit that is published keeps its numbers."""
    audit, before = record(), record()
    publish(audit)
    for metric in audit.tables:
        pd.testing.assert_frame_equal(audit.tables[metric], before.tables[metric])
