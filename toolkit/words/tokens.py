"""Captions taken apart into words, in the engine.

A word is a run of letters, marks and digits of any script, with apostrophes and hyphens inside it
(`don't`, `well-known`), in lower case and without a possessive `'s`. Whatever else stands between
words parts them; scripts that put nothing there stay in one piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

WORD_CHARACTERS: Final = r"\p{L}\p{M}\p{N}"
NO_WORD: Final = rf"(?:'s)?(?:['-]*[^{WORD_CHARACTERS}'-]+['-]*|['-]{{2,}})"
TYPOGRAPHIC: Final = {"’": "'", "‐": "-", "‑": "-", "\ufe0f": ""}
"""Apostrophe and hyphens as typesetters have them; and a mark that only makes emoji colourful."""


def words_in(text: ir.StringColumn) -> ir.ArrayColumn:
    """Return the words of each text in their order; null for a text without words."""
    plain = text.lower()
    for sign, instead in TYPOGRAPHIC.items():
        plain = plain.replace(sign, instead)
    # The blanks let apostrophes at both ends be those of a quotation like all others.
    return (" " + plain + " ").re_replace(NO_WORD, " ").strip().nullif("").re_split(" +")


def caption_words(captions: ir.Table) -> ir.Table:
    """Return each word of each caption.

    Args:
        captions: `image_id` and `text`; a null has no words.

    Returns:
        `image_id`, `caption` (a number that the words of one caption share), `word` and its
        `place` in the caption.
    """
    rows = captions.select("image_id", caption=ibis.row_number(), words=words_in(captions["text"]))
    place = ibis.range(rows["words"].length()).unnest()
    return rows.select("image_id", "caption", word=rows["words"].unnest(), place=place)


def caption_lengths(captions: ir.Table) -> ir.Table:
    """Return `image_id`, its number of `captions` with any words, and of all their `words`."""
    rows = captions.select("image_id", words=words_in(captions["text"]).length())
    per = rows.group_by("image_id").agg(captions=rows["words"].count(), words=rows["words"].sum())
    # Captions without words are left out here, because each row would be taken apart once more.
    return per.filter(per["captions"] > 0)
