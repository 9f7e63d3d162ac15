"""The nouns: frozen dataclasses and column contracts that every other part is written against."""
