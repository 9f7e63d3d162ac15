"""Tar shards are read as a stream, sample by sample, and nothing in them is trusted."""

import io
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import toolkit
from tests.hostile import NAMES, TEXTS, picture
from tests.tables import rows
from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.loaders import LOADERS
from toolkit.loaders.webdataset import load_webdataset, recognise_webdataset
from toolkit.model.dataset import AnnotatedDataset

Files = Sequence[tuple[str, bytes]]


def write(path: Path, files: Files, mode: str = "w") -> Path:
    """Write files into a tar in their order."""
    with tarfile.open(path, mode) as tar:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def sample(key: str, record: Mapping[str, Any], width: int = 8, height: int = 4) -> Files:
    """Return the files of a sample with a picture."""
    return [
        (f"{key}.png", picture(width, height)),
        (f"{key}.json", json.dumps(record, ensure_ascii=False).encode()),
    ]


def loaded(path: Path, **options: Any) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_webdataset(path, engine=default_engine(), **options)


def person(name: str) -> dict[str, Any]:
    """Return an object whose label and attribute are this text."""
    return {"bbox": [1, 1, 2, 3], "label": name, "attributes": {"Gender": name}, "iscrowd": 0}


def test_hostile_samples_are_read_back(tmp_path: Path) -> None:
    """Every table holds what was written into several shards, whatever the texts are."""
    for split, names in {"train": NAMES[::2], "val": NAMES[1::2]}.items():
        files = [
            file
            for i, name in enumerate(names)
            for file in [
                *sample(f"{split}/key {i}", {"objects": [person(name)], "Scene": name, "id": i}),
                (f"{split}/key {i}.txt", name.encode()),
                (f"{split}/key {i}.cls", b"7\n"),
            ]
        ]
        write(tmp_path / f"some-{split}-000000.tar", files)
    dataset = toolkit.load(tmp_path)
    expected = [
        (f"{split}/key {i}", split, name)
        for split, names in {"train": NAMES[::2], "val": NAMES[1::2]}.items()
        for i, name in enumerate(names)
    ]
    assert dataset.provenance.loader == "webdataset"
    assert not dataset.provenance.rows_rejected
    assert dataset.n_images == len(NAMES)
    assert rows(dataset.images, "image_id", "split", "scene", "width", "height") == sorted(
        [(*row, 8, 4) for row in expected], key=repr
    )
    columns = ("image_id", "label", "gender", "is_group_of", "x_min", "y_min", "x_max", "y_max")
    box = (False, 0.125, 0.25, 0.375, 1.0)
    assert rows(dataset.annotations, *columns) == sorted(
        [(key, name, name, *box) for key, _, name in expected], key=repr
    )
    assert rows(dataset.captions, "image_id", "text") == sorted(
        [(key, name) for key, _, name in expected], key=repr
    )
    assert rows(dataset.image_labels, "label") == [("7",)] * len(NAMES)


@given(st.lists(st.tuples(TEXTS, st.integers(-9, 9) | TEXTS), min_size=1, max_size=5))
@settings(max_examples=15)
def test_any_text_is_read_back(values: list[tuple[str, int | str]]) -> None:
    """Whatever the values of attributes are, they are read back as text; the empty one is null."""
    with tempfile.TemporaryDirectory() as folder:
        files = [
            file
            for i, (scene, age) in enumerate(values)
            for file in sample(str(i), {"Scene": scene, "objects": [{"Age": age}]})
        ]
        dataset = loaded(write(Path(folder) / "x.tar", files))
        assert rows(dataset.images, "image_id", "scene") == sorted(
            [(str(i), scene or None) for i, (scene, _) in enumerate(values)], key=repr
        )
        assert rows(dataset.annotations, "image_id", "age", "x_min") == sorted(
            [(str(i), str(age) or None, None) for i, (_, age) in enumerate(values)], key=repr
        )


@pytest.mark.parametrize(
    ("name", "mode"), [("x.tar", "w"), ("x.tar.gz", "w:gz"), ("x.tgz", "w:gz")]
)
def test_plain_and_gzip(tmp_path: Path, name: str, mode: str) -> None:
    """One shard may be plain or compressed; a picture of 1 x 1 and no objects are fine."""
    files = sample("a", {"objects": []}, 1, 1)
    dataset = toolkit.load(write(tmp_path / name, files, mode))
    assert rows(dataset.images, "image_id", "split", "width", "height") == [("a", None, 1, 1)]
    assert rows(dataset.annotations, "image_id") == []
    assert dataset.image_labels is None
    assert dataset.captions is None
    assert dataset.predictions is None


def test_a_large_picture_states_its_size_at_the_end(tmp_path: Path) -> None:
    """Where the beginning of a picture is not enough, all of it is read."""
    stream = io.BytesIO()
    Image.effect_noise((400, 300), 50).save(stream, "TIFF")
    dataset = loaded(write(tmp_path / "x.tar", [("a.tiff", stream.getvalue())]))
    assert rows(dataset.images, "width", "height") == [(400, 300)]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([("../a.png", b"x")], "name leads out of the folder"),
        ([("/a.png", b"x")], "name leads out of the folder"),
        ([("C:\\a.png", b"x")], "name leads out of the folder"),
        ([("\udcff.png", b"x")], "name leads out of the folder"),
        ([("a", b"x")], "name has no key and ending"),
        ([("a.json", b"{}")], "there is no picture under the key"),
        ([("a.png", b""), ("a.json", b"[]")], "line is not a JSON object"),
        ([("a.png", b""), ("a.json", b'{"a": NaN}')], "line is not JSON"),
        ([("a.png", b""), ("a.json", b'{"a": 1, "a": 2}')], "JSON object has a key twice"),
        ([("a.png", b""), ("a.json", b"[" * 200_000)], "JSON is nested too deeply"),
        ([("a.png", b""), ("a.json", b"9" * 5000)], "line is not JSON"),
        ([("a.png", b""), ("a.json", b'{"a": "\\ud800"}')], "JSON has a NUL or half a character"),
        ([("a.png", b""), ("a.txt", b"\xff")], "text is not UTF-8 or has a NUL"),
        ([("a.png", b""), ("a.txt", b"a\0")], "text is not UTF-8 or has a NUL"),
        ([("a.png", b""), ("a.txt", b"a" * (2**24 + 1))], "text has more than 16 MiB"),
    ],
)
def test_hostile_members_are_counted(tmp_path: Path, files: Files, reason: str) -> None:
    """A sample that cannot be read is left out with its reason, and the next one is read."""
    path = write(tmp_path / "x.tar", [*files, *sample("good", {})])
    dataset = loaded(path)
    assert dataset.provenance.rows_read == {"images": 2}
    assert dataset.provenance.rows_rejected == {"images": {reason: 1}}
    [row] = dataset.rejected["images"].to_pyarrow().to_pylist()
    assert row["source_text"].startswith("x.tar: '")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_counted(tmp_path: Path, kind: bytes) -> None:
    """What is no regular file is not followed."""
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("a.png")
        member.type = kind
        member.linkname = "/etc/passwd"
        tar.addfile(member)
        for name, content in sample("b", {}):
            regular = tarfile.TarInfo(name)
            regular.size = len(content)
            tar.addfile(regular, io.BytesIO(content))
    assert loaded(path).provenance.rows_rejected["images"] == {
        "member is a link or no regular file": 1
    }


def test_broken_pictures_are_images_without_size(tmp_path: Path) -> None:
    """A picture that cannot be read is an image; its boxes in pixels cannot be placed."""
    files = [("a.jpg", b"broken"), ("a.json", json.dumps({"objects": [person("x")]}).encode())]
    more = sample("b", {"objects": [person("x")]})
    dataset = loaded(write(tmp_path / "x.tar", [*files, *more]))
    assert rows(dataset.images, "image_id", "width") == [("a", None), ("b", 8)]
    assert dataset.provenance.rows_rejected["annotations"] == {
        "image size is not a positive number": 1
    }


def test_a_key_that_comes_again_is_counted(tmp_path: Path) -> None:
    """The same key in another shard is no second image."""
    write(tmp_path / "a.tar", sample("x", {}))
    write(tmp_path / "b.tar", sample("x", {}))
    assert loaded(tmp_path).provenance.rows_rejected["images"] == {"image is listed before": 1}


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    """Members and fields that are not read are named in a note."""
    files = [*sample("a", {"embedding": [1, 2]}), ("a.npy", b"x"), ("a.seg.png", b"x")]
    [note] = loaded(write(tmp_path / "x.tar", files)).provenance.notes
    assert note == "Fields that are not read: .npy, .seg.png, embedding."


def test_fields_with_odd_names_and_values(tmp_path: Path) -> None:
    """A field without a name is taken for nothing else, and a nested label is read as its JSON."""
    files = sample("a", {"": "x", "label": {"a": 1}, "objects": [{"": "y", "box": "z"}, {}]})
    dataset = loaded(write(tmp_path / "x.tar", files))
    assert rows(dataset.image_labels, "label") == [('{"a": 1}',)]
    assert rows(dataset.images, "image_id", "split", "column_1") == [("a", None, "x")]
    assert rows(dataset.annotations, "label", "column_1") == [(None, None)]
    assert dataset.provenance.rows_rejected["annotations"] == {"box is not a number": 1}


def test_links_to_shards_elsewhere_are_not_followed(tmp_path: Path) -> None:
    """A shard that is a link out of the folder is named as not read."""
    folder = tmp_path / "shards"
    folder.mkdir()
    write(folder / "a.tar", sample("x", {}))
    (folder / "b.tar").symlink_to(write(tmp_path / "b.tar", sample("y", {})))
    dataset = loaded(folder)
    assert dataset.n_images == 1
    assert dataset.provenance.notes == (
        "Files that are not read: 'b.tar' (a link that leads out of the folder).",
    )


@pytest.mark.parametrize("share", [0.0, 0.2, 0.35, 0.5, 0.8])
@pytest.mark.parametrize(("name", "mode"), [("x.tar", "w"), ("x.tar.gz", "w:gz")])
def test_cut_off_shards_are_refused(tmp_path: Path, name: str, mode: str, share: float) -> None:
    """A shard that ends anywhere before its last member is refused in a sentence."""
    files = [file for i in range(40) for file in sample(str(i), {"Scene": "x" * 700})]
    path = write(tmp_path / name, files, mode)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content)) + 7])
    with pytest.raises(DataReadError):
        loaded(path)


@given(place=st.integers(0, 10**6), byte=st.integers(0, 255))
@settings(max_examples=40)
def test_damaged_shards_never_break_the_run(place: int, byte: int) -> None:
    """One wrong byte anywhere gives a dataset or one sentence, never another exception."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f for name in NAMES[:5] for f in sample(name[:90].strip("./"), {"S": name})]
        path = write(Path(folder) / "x.tar", files)
        content = bytearray(path.read_bytes())
        content[place % len(content)] = byte
        path.write_bytes(content)
        try:
            dataset = loaded(path)
        except DataReadError:
            return
        kept = dataset.provenance.rows_kept["images"]
        assert len(rows(dataset.images, "image_id")) == kept


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    """An extended header that claims more than any member needs is not read into memory."""
    member = tarfile.TarInfo("a")
    member.type = tarfile.XHDTYPE
    member.size = 2**32
    path = tmp_path / "x.tar"
    path.write_bytes(member.tobuf() + b"\0" * 4096)
    with pytest.raises(DataReadError, match="a header is too long"):
        loaded(path)


def test_recognition_says_why(tmp_path: Path) -> None:
    """A tar of pictures is recognised, first of all by this loader; another one is not."""
    path = write(tmp_path / "x.tar", sample("a", {}))
    first = next(loader for loader in LOADERS.values() if loader.recognise(tmp_path).matches)
    assert first.name == "webdataset"
    assert recognise_webdataset(path).why == "it holds tar files of pictures (1 shards)"
    write(path, [("a.txt", b"x")])
    assert recognise_webdataset(path).why == "x.tar does not begin with pictures"
    path.write_text("no tar")
    assert "is no tar file that can be read" in recognise_webdataset(path).why
    assert not recognise_webdataset(tmp_path / "x.csv").matches
    empty = tmp_path / "empty"
    empty.mkdir()
    assert recognise_webdataset(empty).why == "none of its files is named like a tar file"
    with pytest.raises(DataReadError, match="holds no tar files"):
        loaded(empty)
