"""Numbers are printed the same everywhere, and never say more than is known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.card import Form
from toolkit.wording.numbers import interval, needed, points


def test_differences_of_shares_are_points() -> None:
    """One decimal, the unit once in an interval, a dash for no number."""
    assert points(0.1163) == "11.6 points"
    assert interval(0.012, 0.098, Form.POINTS) == "1.2 to 9.8 points"
    assert points(math.nan) == "–"
    assert interval(math.nan, 0.1, Form.POINTS) == ""


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "Inconclusive, n needed about 1"),
        (99, "Inconclusive, n needed about 99"),
        (181, "Inconclusive, n needed about 190"),
        (12_345, "Inconclusive, n needed about 13,000"),
        (math.nan, "Inconclusive"),
        (math.inf, "Inconclusive"),
    ],
)
def test_the_number_needed_has_two_digits(n: float, text: str) -> None:
    """It is rounded up, and left out where there is none."""
    assert needed(n) == text


@given(st.integers(1, 10**12))
def test_the_number_needed_is_never_too_small(n: int) -> None:
    """Rounding asks for up to a tenth more, never for less."""
    printed = int(needed(n).rpartition(" ")[2].replace(",", ""))
    assert n <= printed <= 1.1 * n + 1
