"""Objects decoded at once as structures say the same as each decoded for itself."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files.json_objects import ABSENT, MOST_KEYS, KnownKeys, Record

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
OBJECTS = st.lists(st.dictionaries(TEXT, st.none() | st.integers() | TEXT, max_size=4), max_size=6)
RECORDS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


def known(*keys: str) -> KnownKeys:
    """Return what knows these keys."""
    found = KnownKeys()
    found.learn([dict.fromkeys(keys, ABSENT)])
    return found


def values(record: Record) -> dict[object, object]:
    """Return an object with its values decoded."""
    return {key: msgspec.json.decode(value) for key, value in record.items()}


@given(OBJECTS, OBJECTS)
def test_structures_say_what_the_standard_library_says(
    first: list[dict[str, object]], then: list[dict[str, object]]
) -> None:
    """Whatever the keys, objects come back as `json` reads them, unless one has an unknown key."""
    keys = KnownKeys()
    keys.learn(RECORDS.decode(json.dumps(first)))
    met = {key for item in first for key in item}
    alike = keys.decode(json.dumps(then).encode())
    if alike is None:
        impossible = any(key.isprintable() is False or set(key) & {'"', "\\"} for key in met)
        assert impossible or not met or any(item.keys() - met for item in then)
    else:
        assert [values(record) for record in alike] == then
        assert len(alike) == len(then)


def test_columns_have_a_value_for_each_object() -> None:
    """A key that an object lacks is absent, the last of two counts, and text stays as written."""
    alike = known("a", "b").decode(rb'[{"a": 1.50, "a": 2.0}, {"b": "\u0041"}, {}]')
    assert alike is not None
    assert [bytes(value) for value in alike.column("a")] == [b"2.0", b"", b""]
    assert [bytes(value) for value in alike.column("b")] == [b"", rb'"\u0041"', b""]
    assert [bytes(value) for value in alike.column("c")] == [b"", b"", b""]
    assert [bytes(value) for value in alike.column(("a", "b"))] == [b"", b"", b""]


@pytest.mark.parametrize("array", [b'[{"a": 1}, {"c": 1}]', b"[7]", b"[null]", b"[[]]"])
def test_what_is_not_alike(array: bytes) -> None:
    """An unknown key, and an element that is no object, are left to others."""
    assert known("a", "b").decode(array) is None


@pytest.mark.parametrize("array", [b'[{"a": 1}, {"a"', b'[{"a": 01}]', b'[{"a": 1}] []', b""])
def test_what_is_no_json(array: bytes) -> None:
    """An array that is cut in the middle is no JSON, so that a wrong guess at its end shows."""
    with pytest.raises(msgspec.DecodeError):
        known("a", "b").decode(array)


def test_too_many_keys_are_not_learned() -> None:
    """Where nearly every object has keys of its own, none is decoded as a structure."""
    assert known(*map(str, range(MOST_KEYS))).decode(b"[{}]") is not None
    assert known(*map(str, range(MOST_KEYS + 1))).decode(b"[{}]") is None
