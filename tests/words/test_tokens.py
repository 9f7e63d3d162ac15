"""Tests of how captions are taken apart, against a tokeniser in plain Python."""

import json
import unicodedata
from collections import Counter
from pathlib import Path

import ibis
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import NAMES
from toolkit.words.tokens import caption_lengths, caption_words

ALPHABET = st.sampled_from("aBszÄéßΣдשم漢7'’-‑ .,;!?\n\t&<>\"/_=👍🏽\ufe0f\u202e\u0301")


def plain_words(text: str) -> list[str]:
    """Take a text apart character by character."""
    letters = [
        {"’": "'", "‐": "-", "‑": "-"}.get(character, character.lower())
        for character in text
        if character != "\ufe0f"
    ]
    kept = [c if c in "'-" or unicodedata.category(c)[0] in "LMN" else " " for c in letters]
    parted = "".join(kept)
    for quote in ("''", "'-", "-'", "--"):
        parted = parted.replace(quote, "  ")
    words = [part.strip("'-") for part in parted.split()]
    return [word.removesuffix("'s") for word in words if word]


def engine_words(texts: list[str | None]) -> dict[int, list[str]]:
    """Return the words of each text in their order; texts without words have none."""
    frame = pd.DataFrame({"image_id": [str(i) for i in range(len(texts))], "text": texts})
    words = caption_words(ibis.memtable(frame, schema={"image_id": "string", "text": "string"}))
    found = words.to_pandas().sort_values("place")
    return {int(image): list(group["word"]) for image, group in found.groupby("image_id")}


def test_words_of_a_sentence() -> None:
    """Apostrophes and hyphens inside words stay, possessives and quotation marks go."""
    text = "The WOMAN’s 'best friend' - a well-known man's dog; don't (dogs') Ünïcode ПРИВЕТ مرحبا!"
    assert engine_words([text])[0] == [
        *("the", "woman", "best", "friend", "a", "well-known", "man", "dog", "don't", "dogs"),
        *("ünïcode", "привет", "مرحبا"),
    ]


@settings(max_examples=40)
@given(st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=40))
def test_any_text_is_taken_apart_as_by_hand(texts: list[str]) -> None:
    """The engine's expressions agree with a loop over characters, whatever the script."""
    wanted = {i: words for i, text in enumerate(texts) if (words := plain_words(text))}
    assert engine_words([*texts]) == wanted


def test_hostile_captions_are_captions() -> None:
    """Line breaks, emoji, markup, right-to-left text and 5,000 letters break nothing."""
    texts = [*NAMES, "", " \n ", None, "👍🏽 ❤️", "a" * 5000, "word " * 1000]
    found = engine_words([*texts])
    assert found == {i: words for i, t in enumerate(texts) if t and (words := plain_words(t))}
    assert not {len(NAMES) + i for i in range(4)} & found.keys()


def test_real_captions_are_counted_as_by_hand(shared_data: Path) -> None:
    """The words of 255 captions of COCO, and how many each image has."""
    folder = shared_data / "coco_mini_open"
    captions = [
        caption
        for name in ("captions_train2017_open.json", "captions_val2017_open.json")
        for caption in json.loads((folder / name).read_text())["annotations"]
    ]
    assert len(captions) == 255
    rows = [(str(c["image_id"]), c["caption"]) for c in captions]
    table = ibis.memtable(pd.DataFrame(rows, columns=["image_id", "text"]))
    words = caption_words(table).to_pandas()
    assert Counter(words["word"]) == Counter(w for _, text in rows for w in plain_words(text))
    lengths = caption_lengths(table).to_pandas().set_index("image_id")
    expected: Counter[str] = Counter()
    for image, text in rows:
        expected[image] += len(plain_words(text))
    assert lengths["words"].to_dict() == expected
    assert set(lengths["captions"]) == {5}


def test_a_caption_without_words_is_none() -> None:
    """Null, nothing, blanks and signs alone do not make an image a captioned one."""
    frame = pd.DataFrame({"image_id": list("aabbc"), "text": ["two words", "", None, "--", "one"]})
    found = caption_lengths(ibis.memtable(frame)).to_pandas().set_index("image_id")
    assert found.sort_index().to_dict("index") == {
        "a": {"captions": 1, "words": 2},
        "c": {"captions": 1, "words": 1},
    }
