"""Tests of which words are said of which images."""

from dataclasses import replace

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets import annotated
from toolkit.config import AuditConfig, CaptionsConfig
from toolkit.model.dataset import AnnotatedDataset
from toolkit.words import Term, image_words, mentions, terms_of, word_lists

WHITE = Term("white", "white", ("woman", "man"), 2)


def captioned(texts: dict[str, list[str | None]]) -> AnnotatedDataset:
    """Return a dataset with these captions by image."""
    rows = [(image, text) for image, captions in texts.items() for text in captions]
    frame = pd.DataFrame(rows, columns=["image_id", "text"])
    frame["caption_id"] = [str(i) for i in range(len(frame))]
    schema = dict.fromkeys(frame.columns, "string")
    boxes = annotated({"image_id": list(texts), "gender": "F"})
    return replace(boxes, captions=ibis.memtable(frame, schema=schema))


def said(texts: dict[str, list[str | None]], terms: list[Term]) -> set[tuple[str, str]]:
    """Return the pairs of image and subject, and check that each pair is there once."""
    with mentions(captioned(texts).captions, terms) as found:
        frame = found.to_pandas()
    assert not frame.duplicated().any()
    return {(row.image_id, terms[row.term].subject) for row in frame.itertuples()}


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("a white woman", True),
        ("A WHITE, tall woman.", True),
        ("a white car", False),
        ("a woman in white", False),
        ("a white car beside a woman", False),
        ("white white woman", True),
        ("black-and-white woman", False),
        ("a woman and a white man", True),
    ],
)
def test_an_ambiguous_word_counts_before_a_person(text: str, *, counts: bool) -> None:
    """A colour is an identity only where a word for a person follows within two words."""
    assert said({"a": [text]}, [WHITE]) == ({("a", "white")} if counts else set())


def test_a_person_in_the_next_caption_does_not_follow() -> None:
    """Context ends with the caption."""
    assert said({"a": ["all in white", "woman"]}, [WHITE]) == set()


def test_the_shipped_contexts() -> None:
    """The issue's examples: a white woman, a white car, a straight road, a straight couple."""
    terms = [*terms_of(word_lists(CaptionsConfig(shipped=["identity"])), [])]
    texts: dict[str, list[str | None]] = {
        "a": ["a white woman and a straight road"],
        "b": ["a white car", "a black dog near a man", "chinese food"],
        "c": ["a straight couple, an African American man"],
        "d": ["several Muslims praying"],
    }
    assert said(texts, terms) == {
        ("a", "identity=White"),
        ("c", "identity=Heterosexual"),
        ("c", "identity=Black or African"),
        ("d", "identity=Muslim"),
    }


def test_saying_it_twice_counts_once() -> None:
    """Not twice in a caption, nor in two captions of an image, nor as a phrase and a word."""
    terms = [Term.of("dog", "dog"), Term.of("hot dog", "hot dog")]
    texts: dict[str, list[str | None]] = {"a": ["dog, hot dog and dog", "dog"], "b": ["hot", "dog"]}
    assert said(texts, terms) == {("a", "dog"), ("a", "hot dog"), ("b", "dog")}


WORDS = ("white", "woman", "man", "car", "the")


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=1, max_size=12))
def test_contexts_as_by_hand(captions: list[list[str]]) -> None:
    """The engine's joins agree with a search through each caption."""
    expected = {
        (str(i), "white")
        for i, words in enumerate(captions)
        for place, word in enumerate(words)
        if word == "white" and {"woman", "man"} & set(words[place + 1 : place + 3])
    }
    texts: dict[str, list[str | None]] = {str(i): [" ".join(w)] for i, w in enumerate(captions)}
    assert said(texts, [WHITE]) == expected


def words_of(dataset: AnnotatedDataset, **settings: object) -> set[tuple[str, str]]:
    """Return the pairs of image and single word."""
    found = image_words(dataset, AuditConfig.of({"captions": settings})).to_pandas()
    assert not found.duplicated().any()
    return set(found[["image_id", "word"]].itertuples(index=False, name=None))


def test_single_words_are_those_asked_for_and_the_most_frequent() -> None:
    """Function words, words of lists, letters and numbers are not among the frequent ones."""
    dataset = captioned(
        {
            "a": ["The woman with the dog and 12 x 12 tables", "dog"],
            "b": ["a dog on tables"],
            "c": ["a dog", None],
            "d": ["cats dance"],
        }
    )
    dogs = {("a", "dog"), ("b", "dog"), ("c", "dog")}
    assert words_of(dataset, most_common=1) == dogs
    tables = {("a", "tables"), ("b", "tables")}
    assert words_of(dataset, most_common=2) == dogs | tables
    assert words_of(dataset, most_common=3) == dogs | tables | {("d", "cats")}  # first by alphabet
    asked = words_of(dataset, most_common=1, words=["Woman", "dog"])
    assert asked == dogs | tables | {("a", "woman")}
    assert words_of(dataset, most_common=0, shipped=[]) == set()
