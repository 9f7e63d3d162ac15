"""What raw fields mean, judged against plain Python."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.intake.fields import (
    TOLERANCE,
    Box,
    attribute_names,
    empty,
    flag,
    flag_rule,
    number,
    number_rules,
    snake_case,
)

CORNERS = ("x_min", "y_min", "x_max", "y_max")
COORDINATE = st.one_of(
    st.sampled_from(["0", "1", "0.5", "-1e-7", "1.0000005", "-0.1", "1.1", "nan", "inf", "1e999"]),
    st.sampled_from([None, "abc", "0,5", "--1", "🙂"]),
    st.floats(0, 1).map(repr),
)


def as_float(text: str | None) -> float | None:
    """Return the number a text is, or None."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def judged(numbers: list[float | None]) -> str | None:
    """Say in plain Python why a box is left out."""
    known = [n for n in numbers if n is not None]
    if len(known) < 4:
        return "box is not a number"
    if not all(map(math.isfinite, known)):
        return "box is not finite"
    x_min, y_min, x_max, y_max = known
    if x_max < x_min or y_max < y_min:
        return "box corners are swapped"
    low, high = min(x_min, y_min), max(x_max, y_max)
    return "box is outside 0..1" if low < -TOLERANCE or high > 1 + TOLERANCE else None


@given(st.lists(st.tuples(*[COORDINATE] * 4), min_size=1, max_size=30))
@settings(max_examples=30)
def test_boxes_are_judged_as_by_hand(rows: list[tuple[str | None, ...]]) -> None:
    """Each box gets the reason that plain Python gives, and kept ones stay within the image."""
    table = default_engine().store(rows, CORNERS)
    box = Box.of("xyxy", (number(table[name]) for name in CORNERS))
    columns = {f"rule_{i}": rule.concerns for i, rule in enumerate(box.rules())}
    frame = table.select("source_row", **columns, **box.columns()).order_by("source_row")
    phrases = [rule.phrase for rule in box.rules()]
    for row, found in zip(rows, frame.to_pyarrow().to_pylist(), strict=True):
        broken = [phrase for i, phrase in enumerate(phrases) if found[f"rule_{i}"]]
        first = broken[0] if broken else None
        assert first == judged([as_float(text) for text in row])
        if not broken:
            assert all(0 <= found[name] <= 1 for name in CORNERS)


@given(*[st.integers(0, 1024).map(lambda n: n / 1024)] * 4)
def test_the_forms_describe_the_same_box(a: float, b: float, c: float, d: float) -> None:
    """Corners, corner and size, and centre and size are three ways to write one box."""
    x_min, x_max = sorted((a, c))
    y_min, y_max = sorted((b, d))
    size = (x_max - x_min, y_max - y_min)
    box = Box(x_min, y_min, x_max, y_max)
    assert Box.of("xyxy", (x_min, y_min, x_max, y_max)) == box
    assert Box.of("xywh", (x_min, y_min, *size)) == box
    assert Box.of("cxcywh", ((x_min + x_max) / 2, (y_min + y_max) / 2, *size)) == box


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((text, True) for text in ("1", "1.0", "true", "True", "TRUE")),
        *((text, False) for text in ("0", "0.0", "false", "False")),
        *((text, None) for text in ("-1", "-1.0", None)),
        *((text, "refused") for text in ("2", "yes", "x", "01", "0.5", " 1")),
    ],
)
def test_flags_are_read(written: str | None, meant: bool | str | None) -> None:
    """Ones and zeros are flags, −1 and nothing are not known, and anything else is refused."""
    table = default_engine().store([(written,)], ("flag",))
    column = table["flag"]
    [found] = (
        table.select(value=flag(column), refused=flag_rule(column).concerns)
        .to_pyarrow()
        .to_pylist()
    )
    assert bool(found["refused"]) is (meant == "refused")
    assert found["value"] == (None if meant == "refused" else meant)


@pytest.mark.parametrize("kind", ["int8", "float64", "boolean"])
def test_typed_flags_are_read(kind: str) -> None:
    """Flags that are numbers or booleans already mean the same."""
    table = default_engine().store([("1",), ("0",), (None,)], ("flag",)).order_by("source_row")
    column = table["flag"].cast("int8").cast(kind)
    assert table.select(value=flag(column)).to_pyarrow()["value"].to_pylist() == [True, False, None]
    assert not any(table.select(x=flag_rule(column).concerns).to_pyarrow()["x"].to_pylist())


def test_numbers_and_ids_are_judged() -> None:
    """What is no finite number, and what is empty, is refused by name."""
    table = default_engine().store([("1",), ("x",), ("nan",), ("",), (None,)], ("a",))
    rules = [*number_rules("score", table["a"]), empty("image id", table["a"])]
    assert [rule.phrase for rule in rules] == [
        "score is not a number",
        "score is not finite",
        "image id is empty",
    ]
    counts = table.agg(**{f"r{i}": rule.concerns.sum() for i, rule in enumerate(rules)})
    assert counts.to_pyarrow().to_pylist() == [{"r0": 3, "r1": 1, "r2": 2}]
    times = table.select(t=table["a"].try_cast("timestamp"))
    assert times.select(n=number(times["t"])).to_pyarrow()["n"].to_pylist() == [None] * 5


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("GenderPresentation", "gender_presentation"),
        ("ImageID", "image_id"),
        ("XMin", "x_min"),
        ("skin tone (1-10)", "skin_tone_1_10"),
        ("already_snake", "already_snake"),
        ("HTTPCode2Name", "http_code2_name"),
        ("Größe", "größe"),
        ("<script>", "script"),
        ("--", ""),
    ],
)
def test_names_become_snake_case(name: str, snake: str) -> None:
    """Column names follow the field's convention, whatever the source's was."""
    assert snake_case(name) == snake


@given(st.lists(st.text(max_size=6), unique=True, max_size=6))
def test_attribute_names_are_unique(columns: list[str]) -> None:
    """Every column gets a name of its own that no fixed column has, or the file is refused."""
    try:
        names = attribute_names(Path("x.csv"), columns, ["label"])
    except DataReadError:
        lowered = [snake_case(column) for column in columns]
        assert len(set(lowered)) < len(columns) or "source_label" in lowered or "" in lowered
        return
    assert list(names) == columns
    assert len(set(names.values())) == len(columns)
    assert "label" not in names.values()


def test_names_that_collide_are_refused() -> None:
    """Two columns that would become one attribute are named in the error."""
    with pytest.raises(DataReadError, match="'Skin Tone' and 'skin_tone', which both become"):
        attribute_names(Path("x.csv"), ["Skin Tone", "skin_tone"], [])
