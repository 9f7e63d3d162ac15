"""Many objects of a JSON array at once, whose keys are known from the objects before them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Key = str | tuple[str, str]
"""A key of an object, or of an object in it."""
Record = dict[Key, msgspec.Raw]
"""An object by key; each value as it is written. Of a key that stands twice the last counts."""

ABSENT: Final = msgspec.Raw()
"""The value of a key that an object does not have."""
MOST_KEYS: Final = 100
"""From so many keys on, hardly two objects have the same ones, and nothing is gained."""


class KnownKeys:
    """The keys that the objects of an array have had so far.

    Attributes:
        fields: By key, the field of the structure that stands for it.
    """

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.decoder: msgspec.json.Decoder[list[msgspec.Struct]] | None = None

    def learn(self, records: Iterable[Record]) -> None:
        """Get to know the keys of more objects."""
        sets = dict.fromkeys(map(tuple, records))
        new = {key for keys in sets for key in keys if isinstance(key, str)} - self.fields.keys()
        if not new:
            return
        self.fields |= {key: f"field_{len(self.fields) + n}" for n, key in enumerate(sorted(new))}
        self.decoder = None
        if len(self.fields) <= MOST_KEYS:
            self.decoder = decoder(self.fields)

    def decode(self, array: bytes) -> Alike | None:
        """Decode an array of objects; None if one has a key that is not known.

        Raises:
            msgspec.DecodeError: If it is no JSON.
            UnicodeDecodeError: If a key is not UTF-8.
            RecursionError: If it is nested too deeply.
        """
        if self.decoder is None:
            return None
        try:
            return Alike(self.fields, self.decoder.decode(array))
        except msgspec.ValidationError:
            return None


def decoder(fields: dict[str, str]) -> msgspec.json.Decoder[list[msgspec.Struct]] | None:
    """Make a decoder of objects with these keys; None if one cannot be the name of a field."""
    described = [(field, msgspec.Raw, ABSENT) for field in fields.values()]
    keys = {field: key for key, field in fields.items()}
    try:
        structure = msgspec.defstruct(
            "Object", described, rename=keys, forbid_unknown_fields=True, gc=False
        )
    except ValueError:
        return None
    return msgspec.json.Decoder(list[structure])  # type: ignore[valid-type]


class Alike:
    """Objects without unknown keys; as structures, they take half the time of dictionaries.

    Attributes:
        fields: By key that an object may have, the field that stands for it.
        objects: The structures.
    """

    def __init__(self, fields: dict[str, str], objects: Sequence[msgspec.Struct]) -> None:
        self.fields = fields
        self.objects = objects

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[Record]:
        columns = [self.column(key) for key in self.fields]
        for values in zip(*columns, strict=True):
            pairs = zip(self.fields, values, strict=True)
            yield {key: value for key, value in pairs if len(value)}

    def column(self, key: Key) -> list[msgspec.Raw]:
        """Return the value of each object for a key, `ABSENT` where it has none."""
        if not isinstance(key, str) or key not in self.fields:
            return [ABSENT] * len(self)
        return list(map(attrgetter(self.fields[key]), self.objects))
