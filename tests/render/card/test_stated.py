"""What people stated, from `stated.toml`."""

import tomllib

import pytest

from toolkit.errors import SettingsError, UnknownNameError
from toolkit.render.card.stated import Answer, answers

STATED = """
by = "Data team"
on = 2026-02-01

[motivation.purpose]
text = "Research on fair person detection."

[use.unsuitable]
text = "Identifying people."
by = "Ethics board"
on = "2026-01-15"
"""


def test_answers_take_author_and_date_from_the_head_of_the_file() -> None:
    """An answer's own author and date go before those at the top; dates are ISO text."""
    assert answers(tomllib.loads(STATED)) == {
        "motivation.purpose": Answer(
            "Research on fair person detection.", "Data team", "2026-02-01"
        ),
        "use.unsuitable": Answer("Identifying people.", "Ethics board", "2026-01-15"),
    }


def test_an_answer_to_no_field_suggests_the_nearest() -> None:
    """A misspelt field is an error that names the one that was meant."""
    with pytest.raises(UnknownNameError, match=r"Did you mean 'motivation\.purpose'"):
        answers({"motivation": {"purpos": {"text": "x"}}})


@pytest.mark.parametrize(
    "content",
    [
        {"motivation": "Research"},
        {"motivation": {"purpose": "Research"}},
        {"by": "us", "on": "2026-01-01", "motivation": {"purpose": {"text": "  "}}},
        {"on": "2026-01-01", "motivation": {"purpose": {"text": "Research"}}},
        {"by": "us", "motivation": {"purpose": {"text": "Research"}}},
        {"by": "us", "on": 2026, "motivation": {"purpose": {"text": "Research"}}},
    ],
)
def test_an_answer_nobody_stands_for_is_refused(content: dict[str, object]) -> None:
    """Text, author and date must all be there, as text."""
    with pytest.raises(SettingsError, match=r"stated\.toml"):
        answers(content)
