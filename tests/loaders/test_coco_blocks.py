"""Annotations far behind the start of a file are read and judged as the first ones are."""

import json
from pathlib import Path

import pytest

from toolkit.engine import default_engine
from toolkit.files import json_arrays
from toolkit.loaders.coco import load_coco
from toolkit.model.dataset import AnnotatedDataset

FRONT = 12
"""Good annotations before the one that is looked at; blocks here hold about three."""


def with_last(folder: Path, monkeypatch: pytest.MonkeyPatch, last: bytes) -> AnnotatedDataset:
    """Load alike annotations with one of another kind behind them, in blocks of 300 bytes."""
    monkeypatch.setattr(json_arrays, "BLOCK", 300)
    common = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]}
    good = [{"id": n, **common, "mood": f"calm {n}", "age": n / 2} for n in range(FRONT)]
    items = b", ".join([*(json.dumps(item).encode() for item in good), last, last])
    path = folder / "x.json"
    path.write_bytes(
        b'{"images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}], '
        b'"categories": [{"id": 1, "name": "person"}], "annotations": [%s]}' % items
    )
    return load_coco(path, engine=default_engine())


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (b'{"id": 7, "mood": "\xff"}', "element is not UTF-8"),
        (b'{"id": 7, "mood": "\\u0000"}', "JSON has a NUL"),
        (b'{"id": 7, "mood": "\\ud800"}', "element is not JSON"),
        (b"[7]", "element is not a JSON object"),
        (b'{"id": 7, "image_id": null, "category_id": 1}', "image id is empty"),
        (b'{"id": 7, "image_id": "", "category_id": 1}', "image id is empty"),
    ],
)
def test_faults_in_later_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: bytes, reason: str
) -> None:
    """A fault behind many alike annotations costs nothing but its own row."""
    dataset = with_last(tmp_path, monkeypatch, last)
    assert dataset.provenance.rows_rejected["annotations"] == {reason: 2}
    assert dataset.provenance.rows_kept["annotations"] == FRONT
    found = dataset.annotations.order_by("annotation_id").to_pandas()
    assert found["mood"].tolist() == [f"calm {n}" for n in range(FRONT)]
    assert found["age"].tolist() == [str(n / 2) for n in range(FRONT)]


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"attributes": {"mood": "glad"}}, "source_mood", "glad"),
        ({"hat": [1, {"é": "]"}]}, "hat", '[1, {"é": "]"}]'),
        ({"mood": ""}, "mood", None),
        ({"mood": 'a "b" \\ é\n'}, "mood", 'a "b" \\ é\n'),
        ({"mood": 7}, "mood", "7"),
    ],
)
def test_values_in_later_blocks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: dict[str, object],
    column: str,
    value: str | None,
) -> None:
    """New keys, nested attributes and values of another type are kept wherever they turn up."""
    item = {"id": 99, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], **more}
    last = json.dumps(item, ensure_ascii=False).encode()
    dataset = with_last(tmp_path, monkeypatch, last)
    found = dataset.annotations.order_by("annotation_id").to_pyarrow()[column].to_pylist()
    assert found[FRONT:] == [value, value]
