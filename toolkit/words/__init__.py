"""Words of captions: the lists of words that are looked for, and where they are said."""

from toolkit.words.mentions import image_words, mentions
from toolkit.words.tokens import caption_lengths
from toolkit.words.word_lists import Term, WordList, terms_of, word_lists

__all__ = [
    "Term",
    "WordList",
    "caption_lengths",
    "image_words",
    "mentions",
    "terms_of",
    "word_lists",
]
