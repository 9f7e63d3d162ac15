"""Samples: records that hold a picture and what is said of it, whatever file they come from.

Formats that leave the names of fields to the dataset's author (Hugging Face, WebDataset,
Croissant) are understood by the names in use; what is not understood is named in a note.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from toolkit.errors import SettingsError
from toolkit.intake.fields import snake_case
from toolkit.model.dataset import FLAG_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FormName = Literal["xywh", "xyxy", "cxcywh"]
LABELS: Final = ("label", "labels", "category", "categories", "class", "classes", "class_name")
SAMPLE_ROLES: Final = MappingProxyType(
    {
        "image_id": ("image_id", "id"),
        "split": ("split",),
        "width": ("width", "image_width"),
        "height": ("height", "image_height"),
        "objects": ("objects", "annotations", "instances", "faces", "persons"),
        "labels": (*LABELS, "cls"),
        "captions": ("captions", "caption", "text", "txt", "sentences"),
        "attributes": ("attributes",),
    }
)
"""What a field of a sample is, by its name in snake_case; the first name that it has counts."""
OBJECT_ROLES: Final = MappingProxyType(
    {
        "box": ("bbox", "box", "bboxes", "boxes"),
        "label": (*LABELS, "category_name", "category_id", "name"),
        "attributes": ("attributes",),
        **{name: (name,) for name in FLAG_COLUMNS},
        "is_group_of": ("is_group_of", "iscrowd", "is_crowd"),
    }
)
"""The same for a field of an object in a sample."""
NESTED: Final = frozenset(
    name for role in ("objects", "labels", "captions", "attributes") for name in SAMPLE_ROLES[role]
)
"""The fields of a sample of which nested values are read."""
UNEQUAL: Final = "lists of the objects differ in length"
NO_OBJECT: Final = "object is no mapping of names to values"
BOX_FORMS: Final = MappingProxyType(
    {
        "xywh": "corner, width and height",
        "xyxy": "two corners",
        "cxcywh": "centre, width and height",
    }
)


@dataclass(frozen=True)
class BoxForm:
    """How the four numbers of a box are meant; by default as COCO writes them.

    Attributes:
        form: Corner and size, two corners, or centre and size.
        normalised: Whether they are shares of the image (0..1) instead of pixels.
    """

    form: FormName = "xywh"
    normalised: bool = False

    def __post_init__(self) -> None:
        if self.form not in BOX_FORMS:
            choices = f"Choose one of: {', '.join(BOX_FORMS)}."
            raise SettingsError(f"There is no form of boxes {self.form!r}", "box_form", choices)

    @property
    def sentence(self) -> str:
        """What was taken for granted, for a note."""
        unit = "shares of the image" if self.normalised else "pixels"
        return f"Boxes were read as {BOX_FORMS[self.form]}, in {unit}."


@lru_cache(maxsize=4096)
def roles(keys: tuple[str, ...], objects: bool = False) -> Mapping[str, str]:
    """Return the field of each role, for a record with these fields."""
    named: dict[str, str] = {}
    for key in keys:
        named.setdefault(snake_case(key), key)
    table = OBJECT_ROLES if objects else SAMPLE_ROLES
    found = {
        role: next((named[name] for name in names if name in named), None)
        for role, names in table.items()
    }
    return MappingProxyType({role: key for role, key in found.items() if key is not None})


def field(
    record: Mapping[str, Any], keys: Mapping[str, str], role: str, default: Any = None
) -> Any:
    """Return the value of the field that has a role, or the default if none has."""
    return record[keys[role]] if role in keys else default


def text_of(value: Any) -> str | None:
    """Return a value as text; nothing and the empty text are None."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def several(value: Any) -> Sequence[Any]:
    """Return the values of a field that holds one, several or none."""
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def four(value: Any) -> Sequence[str | None]:
    """Return the four numbers of a box as text; all None if it is none."""
    if not isinstance(value, list | tuple) or len(value) != 4:
        return (None,) * 4
    return [None if isinstance(item, bool) else text_of(item) for item in value]


def each_object(value: Any) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a sample one by one.

    Raises:
        ValueError: If it holds something else; the message is a constant phrase.
    """
    if value is None:
        return ()
    if isinstance(value, dict):
        lists = [several(items) for items in value.values()]
        if len({len(items) for items in lists}) > 1:
            raise ValueError(UNEQUAL)
        return [dict(zip(value, items, strict=True)) for items in zip(*lists, strict=True)]
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(NO_OBJECT)
    return value
