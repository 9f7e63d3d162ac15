"""Tests of the lists of words, the toolkit's and a user's own."""

from pathlib import Path
from typing import get_args

import pytest

from tests.datasets import AGE, GENDER
from toolkit.config import AuditConfig, CaptionsConfig
from toolkit.config.captions import ShippedList
from toolkit.errors import DataNotFoundError, SettingsError
from toolkit.words import terms_of, word_lists
from toolkit.words.word_lists import FUNCTION_WORDS, SHIPPED, function_words

OWN = """
name = "trade"
within = 3
nouns = ["worker"]
[values.kitchen]
words = ["Chef", "head cook"]
before_nouns = ["culinary"]
"""


def test_every_shipped_list_can_be_chosen_and_says_why() -> None:
    """The settings know the files in the package, and each gives its rationale."""
    files = {path.stem for path in SHIPPED.glob("*.toml")} - {FUNCTION_WORDS.stem}
    assert files == set(get_args(ShippedList)) == set(CaptionsConfig().shipped)
    lists = word_lists(CaptionsConfig())
    assert [one.name for one in lists] == list(CaptionsConfig().shipped)
    assert all(len(one.about) > 100 for one in lists)


def test_function_words_are_in_no_list() -> None:
    """No word that is left out of the frequent ones is looked for as part of a list."""
    listed = {term.text for term in terms_of(word_lists(CaptionsConfig()), [])}
    assert not listed & set(function_words())


def test_a_list_of_one_s_own_stands_beside_them(tmp_path: Path) -> None:
    """Its path is relative to the settings file, its words are lower-cased."""
    (tmp_path / "trade.toml").write_text(OWN)
    (tmp_path / "audit.toml").write_text("[captions]\nlists = ['trade.toml']\nshipped = ['age']")
    config = AuditConfig.read(tmp_path / "audit.toml").captions
    lists = word_lists(config)
    assert [one.name for one in lists] == ["age", "trade"]
    chef, cook, culinary = terms_of(lists[1:], [])
    assert (chef.text, chef.subject, chef.followers) == ("chef", "trade=kitchen", ())
    assert (cook.word, cook.followers, cook.within) == ("head", ("cook",), 1)
    assert (culinary.word, culinary.followers, culinary.within) == ("culinary", ("worker",), 3)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("name = 'x'", "values"),
        ("name = 'two words'\n[values.a]", "name"),
        ("name = 'x'\n[values.a]\nwords = ['one two three']", "neither a word nor a phrase"),
        ("name = 'x'\n[values.a]\nwords = ['']", "neither a word nor a phrase"),
        ("name = 'x'\n[values.a]\nwords = ['a', 'A']", "stands twice"),
        ("name = 'x'\n[values.a]\nbefore_nouns = ['black']", "needs `nouns`"),
        ("name = 'x'\nnouns = ['b c']\n[values.a]\nbefore_nouns = ['d']", "single words"),
        ("name = 'x'\n[values.a]\nwords = 'man'", "words"),
        ("name = 'x'\nvalue = 1\n[values.a]", "value"),
        ("name = 'age'\n[values.a]", "two word lists of the name 'age'"),
        ("name =", "no TOML"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: str, fault: str) -> None:
    """The message names the file and the fault."""
    path = tmp_path / "own.toml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=fault) as caught:
        word_lists(CaptionsConfig(lists=[str(path)]))
    assert "own.toml" in str(caught.value) or "age.toml" in str(caught.value)


def test_a_list_that_is_not_there_and_a_word_that_is_none() -> None:
    """Both are the user's mistakes, and said so."""
    with pytest.raises(DataNotFoundError):
        word_lists(CaptionsConfig(lists=["nowhere.toml"]))
    with pytest.raises(SettingsError, match="'!!' is neither"):
        terms_of([], ["!!"])


@pytest.mark.parametrize(
    ("value", "gendered", "age"),
    [
        ("Predominantly Feminine", "feminine", None),
        ("male", "masculine", None),
        ("M", "masculine", None),
        ("Young", None, "child"),
        ("Older", None, "older"),
        ("male or female", None, None),
        ("3-9", None, None),
    ],
)
def test_values_of_attributes_that_words_stand_for(
    value: str, gendered: str | None, age: str | None
) -> None:
    """A value is matched by whole words, and not where it could be two."""
    lists = {one.name: one for one in word_lists(CaptionsConfig())}
    assert lists["gendered"].value_named(value) == gendered
    assert lists["age"].value_named(value) == age


def test_the_values_of_the_tests_are_matched() -> None:
    """What other tests rely on: F and M are gendered, Young and Old are ages."""
    gendered, age, _ = word_lists(CaptionsConfig())
    assert [gendered.value_named(value) for value in GENDER.values] == ["feminine", "masculine"]
    assert [age.value_named(value) for value in AGE.values] == ["child", "older"]
