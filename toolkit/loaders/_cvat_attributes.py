"""What the attributes of a CVAT file mean, by what its head says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from toolkit.loaders._cvat_files import Question
from toolkit.model.attribute import Attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from toolkit.loaders._cvat_files import Head, Raw
    from toolkit.model.attribute import AttributeTable

UNDEFINED: Final = "__undefined__"
"""The answer by which CVAT says that nobody chose one (CVAT user's guide)."""
BOX: Final = "box"
OF_SHAPES: Final = ("label", "source", "shape")
"""The columns of every shape that are attributes of it."""


def shape_attributes(raw: Raw) -> dict[str, Attribute]:
    """Describe the attributes of shapes by their columns."""
    named = raw.shapes.attributes.items()
    return {column: described(raw.head, name, column, "annotations") for name, column in named}


def image_attributes(raw: Raw) -> dict[str, Attribute]:
    """Describe the attributes of images by their raw columns.

    One that shapes have too is put after `image_`, because attributes are told by name alone.
    """
    taken = {*raw.shapes.attributes.values(), *OF_SHAPES}
    columns = raw.images.attributes
    found = {}
    for name, column in columns.items():
        title = column
        while title in taken or (title != column and title in columns.values()):
            title = f"image_{title}"
        found[column] = described(raw.head, name, title, "images")
    return found


def described(head: Head, name: str, column: str, table: AttributeTable) -> Attribute:
    """Describe an attribute: all are answered by annotators who look at the picture."""
    values = tuple(v for v in head.questions.get(name, Question()).values if v != UNDEFINED)
    return Attribute(column, table, values, missing=(UNDEFINED,), basis="perceived")


def asked_of_labels(
    raw: Raw, attributes: Mapping[str, Attribute], shapes: ir.Table
) -> dict[str, Attribute]:
    """Say of each attribute of shapes of which labels it was asked, if not of all.

    The head of the file says so. It is not believed where a shape of another label has an answer.
    """
    asked = {
        column: tuple(question.labels)
        for name, column in raw.shapes.attributes.items()
        if (question := raw.head.questions.get(name))
        and len(question.labels) < len(raw.head.labels)
    }
    if not asked:
        return dict(attributes)
    strays = {
        column: (shapes[column].notnull() & shapes["label"].notin(labels)).sum()
        for column, labels in asked.items()
    }
    found = shapes.aggregate(**strays).to_pandas().iloc[0]
    believed = {column: labels for column, labels in asked.items() if not found[column] > 0}
    return {
        name: replace(attribute, asked_in=believed.get(name, ()))
        for name, attribute in attributes.items()
    }


def plain_attributes(raw: Raw, shapes: ir.Table) -> list[Attribute]:
    """Describe what is no answer to a question: the label, the source, the shape, the split."""
    names = ["label"]
    if "source" in raw.shapes.columns:
        names.append("source")
    if shapes.filter(shapes["shape"] != BOX).count().execute():
        names.append("shape")
    split = [Attribute("split", "images")] if "split" in raw.images.columns else []
    return [*(Attribute(name, "annotations") for name in names), *split]
