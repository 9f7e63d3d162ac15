"""What the fields of a sample mean, by the names in use."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import TEXTS
from toolkit.errors import SettingsError
from toolkit.intake.samples import (
    NO_OBJECT,
    OBJECT_ROLES,
    SAMPLE_ROLES,
    UNEQUAL,
    BoxForm,
    each_object,
    field,
    four,
    roles,
    several,
    text_of,
)

SCALARS = st.none() | st.booleans() | st.integers() | TEXTS


@pytest.mark.parametrize(
    ("fields", "objects", "expected"),
    [
        (("Image ID", "Caption"), False, {"image_id": "Image ID", "captions": "Caption"}),
        (("id", "image_id"), False, {"image_id": "image_id"}),
        (("txt", "cls"), False, {"captions": "txt", "labels": "cls"}),
        (("bbox", "category_id", "category"), True, {"box": "bbox", "label": "category"}),
        (("isCrowd", "IsOccluded"), True, {"is_group_of": "isCrowd", "is_occluded": "IsOccluded"}),
        (("colour", "", "👍"), False, {}),
    ],
)
def test_fields_are_known_by_their_names(
    fields: tuple[str, ...], objects: bool, expected: dict[str, str]
) -> None:
    """Case and separators do not matter; the first of several names counts."""
    assert roles(fields, objects) == expected


@given(fields=st.lists(TEXTS, max_size=5).map(tuple), objects=st.booleans())
def test_any_names_have_roles_or_none(fields: tuple[str, ...], objects: bool) -> None:
    """Each role is one of the table's, and belongs to a field that the record has."""
    found = roles(fields, objects)
    assert found.keys() <= (OBJECT_ROLES if objects else SAMPLE_ROLES).keys()
    assert set(found.values()) <= set(fields)


def test_a_field_that_is_not_there_has_its_default() -> None:
    """A field that is there and null stays null."""
    keys = {"split": "Part"}
    assert field({"Part": None}, keys, "split", "train") is None
    assert field({}, {}, "split", "train") == "train"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), ("", None), ("a", "a"), (True, "true"), (1.5, "1.5"), (7, "7"), (b"x", "b'x'")],
)
def test_values_become_text(value: Any, text: str | None) -> None:
    """Nothing and the empty text are one; numbers and truth are written as JSON has them."""
    assert text_of(value) == text


@given(st.lists(SCALARS, max_size=3) | st.dictionaries(TEXTS, SCALARS, max_size=3))
def test_nested_values_become_json(value: Any) -> None:
    """What is nested can be read back from its text."""
    written = text_of(value)
    assert written is not None
    assert json.loads(written) == value


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ([1, 2.5, "3", None], ["1", "2.5", "3", None]),
        ((0, 0, 1, 1), ["0", "0", "1", "1"]),
        ([1, 2, 3], [None] * 4),
        ([1, 2, 3, 4, 5], [None] * 4),
        ("1234", [None] * 4),
        ([True, False, 1, 1], [None, None, "1", "1"]),
        (None, [None] * 4),
    ],
)
def test_a_box_is_four_numbers_or_none(value: Any, numbers: list[str | None]) -> None:
    """Truth is no number, and text of four characters no box."""
    assert list(four(value)) == numbers


@given(st.lists(st.fixed_dictionaries({"a": SCALARS, "b": SCALARS}), max_size=4))
def test_both_ways_to_write_objects_mean_the_same(objects: list[dict[str, Any]]) -> None:
    """A list of mappings and a mapping of lists come to the same objects."""
    lists = {name: [item[name] for item in objects] for name in ("a", "b")}
    assert list(each_object(objects)) == objects
    assert list(each_object(lists)) == objects


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": [1, 2], "b": [1]}, UNEQUAL),
        ({"a": [1, 2], "b": 1}, UNEQUAL),
        ([{"a": 1}, 2], NO_OBJECT),
        ("text", NO_OBJECT),
        (7, NO_OBJECT),
    ],
)
def test_what_are_no_objects_has_a_constant_reason(value: Any, reason: str) -> None:
    """Rejected rows are counted by it."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        each_object(value)


def test_nothing_is_no_object_and_one_value_is_a_list_of_one() -> None:
    """Null, the empty list and the empty mapping hold no objects."""
    assert [list(each_object(value)) for value in (None, [], {})] == [[], [], []]
    assert [list(several(value)) for value in (None, "a", ["a", "b"])] == [[], ["a"], ["a", "b"]]


def test_a_form_of_boxes_is_one_of_three() -> None:
    """Another one is refused with the choices; what is taken for granted is said."""
    assert BoxForm().sentence == "Boxes were read as corner, width and height, in pixels."
    with pytest.raises(SettingsError, match="xywh, xyxy, cxcywh"):
        BoxForm("xyzw")  # type: ignore[arg-type]
