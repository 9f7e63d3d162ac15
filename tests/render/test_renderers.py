"""What holds for every output."""

import pandas as pd
import pytest

from tests.render.records import empty, hostile, record
from toolkit.model.audit import AuditRecord
from toolkit.render import RENDERERS, Renderer

EVERY = pytest.mark.parametrize("renderer", RENDERERS.values(), ids=list(RENDERERS))
PUBLISHED = [r for r in RENDERERS.values() if r.name not in ("json", "text")]
AUDITS = {"real": record, "hostile": hostile, "empty": empty}


def test_registry_is_consistent() -> None:
    """Each output is found under its own name, and no two write the same file."""
    assert all(name == renderer.name for name, renderer in RENDERERS.items())
    files = [renderer.file for renderer in RENDERERS.values() if renderer.file]
    assert len(files) == len(set(files))
    assert {"card.md", "card.html", "dashboard.html"} <= set(files)


@EVERY
@pytest.mark.parametrize("audit", AUDITS.values(), ids=list(AUDITS))
def test_same_record_same_bytes(renderer: Renderer, audit: type[AuditRecord]) -> None:
    """An output depends on nothing but the record: no clock, no order of a set, no address."""
    assert renderer.render(audit()) == renderer.render(audit())


@EVERY
def test_rendering_changes_nothing(renderer: Renderer) -> None:
    """The record is the same after it was rendered."""
    audit, before = record(), record()
    renderer.render(audit)
    assert audit.to_json() == before.to_json()
    for metric, table in audit.tables.items():
        pd.testing.assert_frame_equal(table, before.tables[metric])


@pytest.mark.parametrize("renderer", PUBLISHED, ids=lambda r: r.name)
def test_published_outputs_can_be_written_and_keep_private_folders(renderer: Renderer) -> None:
    """Hostile text can be encoded, and of a source only the file's name is shown."""
    assert renderer.render(hostile()).encode("utf-8")
    assert "data/open_images" not in renderer.render(record())


@pytest.mark.parametrize("renderer", PUBLISHED, ids=lambda r: r.name)
def test_published_outputs_say_how_much_is_withheld(renderer: Renderer) -> None:
    """The number of masked cells is printed: two groups and one label with both of its groups."""
    text = renderer.render(record())
    assert "Cells withheld: 4" in text
    assert ">407<" not in text
    assert "| 407" not in text


@pytest.mark.parametrize("renderer", PUBLISHED, ids=lambda r: r.name)
def test_people_are_named_as_the_data_name_them(renderer: Renderer) -> None:
    """Values stand as written and as perceived; nobody is called a woman or a man."""
    text = renderer.render(record()).split("<script>")[0]
    assert "Predominantly Feminine" in text
    assert "perceived gender presentation" in text
    assert not any(f" {word}" in text.lower() for word in ("women", "woman", "female", "males"))
