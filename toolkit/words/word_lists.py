"""Lists of words, the toolkit's and those of users, and the terms to look for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import AfterValidator, Field, PositiveInt, ValidationError, model_validator

from toolkit.config import read_toml
from toolkit.config.strict import Strict
from toolkit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.config import CaptionsConfig

SHIPPED: Final = Path(__file__).with_name("lists")
FUNCTION_WORDS: Final = SHIPPED / "function_words.toml"
PHRASE: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*(?: [^\W_]+(?:['-][^\W_]+)*)?")


def as_phrase(text: str) -> str:
    """Return one or two words in lower case.

    Raises:
        ValueError: If a caption could have no such words.
    """
    phrase = text.strip().lower()
    if not PHRASE.fullmatch(phrase) or phrase.endswith("'s"):
        raise ValueError(f"{text!r} is neither a word nor a phrase of two words")
    return phrase


Phrase = Annotated[str, AfterValidator(as_phrase)]


class ListValue(Strict):
    """What stands for one value of a list.

    Attributes:
        words: Words, and phrases of two words, in all their forms: there is no stemming.
        before_nouns: Words that count only where one of the list's nouns follows.
        names: Words by which the values of attributes say the same as this value.
    """

    words: list[Phrase] = Field(default_factory=list)
    before_nouns: list[Phrase] = Field(default_factory=list)
    names: list[Phrase] = Field(default_factory=list)


class WordList(Strict):
    """A list of words by the value that they stand for.

    Attributes:
        name: The list's name.
        about: What it is for, how the words were chosen and what they do not say.
        values: The words by value.
        nouns: The words for persons before which `before_nouns` count.
        within: Up to so many words on they may follow.
    """

    name: Annotated[str, Field(pattern=r"^[^\s=&:]+$")]
    about: str = ""
    values: Annotated[dict[str, ListValue], Field(min_length=1)]
    nouns: list[Phrase] = Field(default_factory=list)
    within: PositiveInt = 2

    @model_validator(mode="after")
    def is_decided(self) -> Self:
        """Refuse a word that stands for two values, and a context that is not given."""
        listed = [word for v in self.values.values() for word in (*v.words, *v.before_nouns)]
        if twice := sorted({word for word in listed if listed.count(word) > 1}):
            raise ValueError(f"{twice} stands twice in the list")
        ambiguous = [word for v in self.values.values() for word in v.before_nouns]
        if ambiguous and not self.nouns:
            raise ValueError("`before_nouns` needs `nouns`")
        if phrases := [word for word in (*ambiguous, *self.nouns) if " " in word]:
            raise ValueError(f"{phrases} in `before_nouns` or `nouns` must be single words")
        return self

    def subject(self, value: str) -> str:
        """Return what a number about all words of a value is about, as `gendered=feminine`."""
        return f"{self.name}={value}"

    def value_named(self, text: str) -> str | None:
        """Return the one value of the list that an attribute's value names, if there is one."""
        said = set(re.split(r"[^\w]+", text.lower()))
        named = [value for value, stated in self.values.items() if said & set(stated.names)]
        return named[0] if len(named) == 1 else None


@dataclass(frozen=True)
class Term:
    """One or two words to look for.

    Attributes:
        text: The words.
        subject: What they are counted as: a value of a list, or themselves.
        followers: The words of which one must follow; none if nothing needs to.
        within: Up to so many words on.
    """

    text: str
    subject: str
    followers: tuple[str, ...] = ()
    within: int = 1

    @property
    def word(self) -> str:
        """The word with which it begins."""
        return self.text.partition(" ")[0]

    @classmethod
    def of(cls, text: str, subject: str) -> Term:
        """Return the term of a word or phrase that counts wherever it stands."""
        second = text.partition(" ")[2]
        return cls(text, subject, (second,) if second else ())


def word_lists(config: CaptionsConfig) -> tuple[WordList, ...]:
    """Read the lists that the settings name.

    Raises:
        DataNotFoundError: If a file is not there.
        SettingsError: If one is no word list, or two have the same name.
    """
    paths = [SHIPPED / f"{name}.toml" for name in config.shipped] + [*map(Path, config.lists)]
    lists = [read_list(path) for path in paths]
    names = [one.name for one in lists]
    for one, path in zip(lists, paths, strict=True):
        if names.count(one.name) > 1:
            what = f"There are two word lists of the name {one.name!r}"
            raise SettingsError(what, str(path), "Rename one, or leave one out of [captions].")
    return tuple(lists)


def function_words() -> list[str]:
    """Return the words that say nothing of what is in a picture."""
    return [w for v in read_list(FUNCTION_WORDS).values.values() for w in v.words]


def read_list(path: Path) -> WordList:
    """Read one list.

    Raises:
        DataNotFoundError: If the file is not there.
        SettingsError: If it is no word list; every fault is named.
    """
    try:
        return WordList.model_validate(read_toml(path))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the list'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise SettingsError("This word list cannot be used", str(path), f"{faults}.") from error


def terms_of(lists: Sequence[WordList], words: Sequence[str]) -> tuple[Term, ...]:
    """Return the terms of lists, and of further words.

    Raises:
        SettingsError: If one of the further words is none.
    """
    terms = []
    for one in lists:
        for value, stated in one.values.items():
            subject = one.subject(value)
            terms += [Term.of(word, subject) for word in stated.words]
            terms += [
                Term(word, subject, tuple(one.nouns), one.within) for word in stated.before_nouns
            ]
    for word in words:
        try:
            phrase = as_phrase(word)
        except ValueError as error:
            raise SettingsError(str(error), "[captions] words", "Leave it out.") from error
        terms.append(Term.of(phrase, phrase))
    return tuple(dict.fromkeys(terms))
