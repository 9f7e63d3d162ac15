"""Printed slices are taken apart again into what they were printed from."""

from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.attribute import Attribute
from toolkit.model.slices import MISSING, OVERALL, Slice
from toolkit.wording.slices import attributes_of, in_words, terms, value_of

NAMES = st.text(st.characters(exclude_characters="=&", exclude_categories=("Cs",)), min_size=1)
VALUES = st.text(st.characters(exclude_categories=("Cs",)))


@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=3, unique_by=lambda term: term[0]))
def test_every_slice_is_read_back(pairs: list[tuple[str, str]]) -> None:
    """Whatever a value is written with, its attribute and itself are found again."""
    printed = str(Slice(tuple(pairs)))
    assert [(name, value_of(value)) for name, value in terms(printed)] == pairs


@given(st.text())
def test_any_text_is_taken_apart_without_an_error(text: str) -> None:
    """A slice that something else printed is no reason to fail."""
    assert all(isinstance(value_of(value), str) for _, value in terms(text))


def test_the_whole_dataset_has_no_terms() -> None:
    """`overall` is cut by nothing and is called all."""
    assert terms(str(OVERALL)) == ()
    assert in_words(str(OVERALL), {}) == "all"


def test_words_say_how_a_value_came_to_be() -> None:
    """Perceived attributes are called perceived, flags keep their name, null is missing."""
    gender = Attribute("gender_presentation", "annotations", basis="perceived")
    cut = Slice((("gender_presentation", "Feminine"), ("is_group_of", "true")))
    assert in_words(str(cut), {"gender_presentation": gender}) == (
        "Feminine (perceived gender presentation) and annotations marked is_group_of"
    )
    missing = str(Slice((("gender_presentation", MISSING),)))
    assert attributes_of(missing) == ("gender_presentation",)
    assert in_words(missing, {}) == "(missing) (gender presentation)"
