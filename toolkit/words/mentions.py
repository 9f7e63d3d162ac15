"""Which words are said of which images."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import ibis
import pandas as pd

from toolkit.words.tokens import caption_words
from toolkit.words.word_lists import function_words, terms_of, word_lists

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import ibis.expr.types as ir

    from toolkit.config import AuditConfig
    from toolkit.model.dataset import AnnotatedDataset
    from toolkit.words.word_lists import Term


@contextmanager
def mentions(captions: ir.Table, terms: Sequence[Term]) -> Iterator[ir.Table]:
    """Look for terms in captions.

    Args:
        captions: `image_id` and `text`.
        terms: What is looked for.

    Yields:
        `image_id` and `term`, the place of a term, once however often it is said of the image.
        The table in the engine lasts as long as the context.
    """
    starts = pd.DataFrame(
        [(t.word, i, t.within if t.followers else 0) for i, t in enumerate(terms)],
        columns=["word", "term", "within"],
    ).astype({"word": "str", "term": "int64", "within": "int64"})
    follows = pd.DataFrame(
        [(word, place) for place, term in enumerate(terms) for word in term.followers],
        columns=["follower", "term"],
    ).astype({"follower": "str", "term": "int64"})
    vocabulary = {term.word for term in terms} | set(follows["follower"])
    words = caption_words(captions)
    with words.filter(words["word"].isin(sorted(vocabulary))).cache() as said:
        begun = said.inner_join(ibis.memtable(starts), "word")
        alone = begun.filter(begun["within"] == 0).select("image_id", "term")
        open_ = begun.filter(begun["within"] > 0)
        later = said.inner_join(ibis.memtable(follows), [("word", "follower")])
        later = later.select("caption", "term", there="place")
        both = open_.inner_join(later, ["caption", "term"])
        distance = both["there"] - both["place"]
        followed = both.filter((distance > 0) & (distance <= both["within"]))
        found = alone.union(followed.select("image_id", "term")).distinct()
        with found.cache() as once:
            yield once


def image_words(dataset: AnnotatedDataset, config: AuditConfig) -> ir.Table:
    """Look for the single words that are held against every group.

    They are those of the settings and the most frequent ones of no list; the words of lists are
    counted as lists, by the metrics of captions.

    Returns:
        `image_id` and `word`, each pair once: a table in the engine that lasts as long as the
        object.

    Raises:
        ValueError: If the dataset has no captions.
        DataNotFoundError: If a file of words is not there.
        SettingsError: If a word, or a list of them, cannot be used.
    """
    if dataset.captions is None:
        raise ValueError("the dataset has no captions")
    stated = config.captions
    listed = terms_of(word_lists(stated), stated.words)
    common = most_common(dataset.captions, stated.most_common, {term.text for term in listed})
    terms = terms_of((), [*stated.words, *common])
    words = pd.DataFrame({"term": range(len(terms)), "word": [term.text for term in terms]})
    named = ibis.memtable(words.astype({"term": "int64", "word": "str"}))
    with mentions(dataset.captions, terms) as found:
        return found.inner_join(named, "term").select("image_id", "word").cache()


def most_common(captions: ir.Table, number: int, listed: Collection[str]) -> list[str]:
    """Return the words that most images have, without those listed and function words.

    Words of one letter and numbers are left out too. Of equally frequent ones, the first by
    alphabet.
    """
    words = caption_words(captions)
    known = sorted({*listed, *function_words()})
    words = words.filter(~words["word"].isin(known), words["word"].re_search(r"\p{L}.*\p{L}"))
    pairs = words.select("image_id", "word").distinct()
    counts = pairs.group_by("word").agg(images=pairs.count())
    order = [ibis.desc("images"), "word"]
    return [str(word) for word in counts.order_by(order).limit(number).to_pandas()["word"]]
