"""Which kinds of image can be collected."""

import pytest

from toolkit.errors import TooManyValuesError
from toolkit.planning.cells import cells

GENDER = [(("gender", "F"),), (("gender", "M"),)]
AGE = [(("age", "Young"),), (("age", "Old"),)]


def found(slices, impossible=(), sizes=None):
    """Return the terms and annotations of each kind."""
    ruled_out = [frozenset(terms) for terms in impossible]
    sized = {frozenset(terms): size for terms, size in (sizes or {}).items()}
    return {cell.terms: cell.annotations for cell in cells(slices, ruled_out, sized)}


def test_each_combination_of_known_values_is_a_kind():
    """Two attributes of two values make four, with one annotation each if nothing is measured."""
    assert found(GENDER + AGE) == {
        (("gender", "F"), ("age", "Young")): 1.0,
        (("gender", "F"), ("age", "Old")): 1.0,
        (("gender", "M"), ("age", "Young")): 1.0,
        (("gender", "M"), ("age", "Old")): 1.0,
    }


def test_what_the_protocol_never_asks_is_left_out():
    """Where the young have no gender, they are a kind by their age alone."""
    young = [(("gender", g), ("age", "Young")) for g in "FM"]
    assert set(found(GENDER + AGE, young)) == {
        (("gender", "F"), ("age", "Old")),
        (("gender", "M"), ("age", "Old")),
        (("age", "Young"),),
    }


def test_one_impossible_combination_leaves_the_others():
    """Young men are ruled out, young women are not."""
    kinds = found(GENDER + AGE, [(("gender", "M"), ("age", "Young"))])
    assert len(kinds) == 3
    assert (("gender", "F"), ("age", "Young")) in kinds


def test_the_size_is_that_of_the_smallest_measured_group():
    """An intersection before one attribute, that before the whole."""
    sizes = {(): 3.0, (("age", "Old"),): 2.0, (("gender", "F"), ("age", "Old")): 1.5}
    kinds = found(GENDER + AGE, (), sizes)
    assert kinds[("gender", "F"), ("age", "Old")] == 1.5
    assert kinds[("gender", "M"), ("age", "Old")] == 2.0
    assert kinds[("gender", "M"), ("age", "Young")] == 3.0


def test_too_many_kinds_are_refused():
    """Five attributes of ten values are no plan for people."""
    slices = [((f"a{i}", f"v{j}"),) for i in range(5) for j in range(10)]
    with pytest.raises(TooManyValuesError, match="161,051"):
        cells(slices, [], {})
