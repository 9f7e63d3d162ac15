"""The size of a picture is read from its head, and hostile files get a reason instead."""

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from toolkit.files.pixels import (
    EMPTY,
    HEADER_FAULTS,
    MOST_BYTES,
    TOO_LARGE,
    TOO_MANY_PIXELS,
    UNREADABLE,
    Header,
    read_header,
)


def header(path: Path) -> Header:
    """Read the head of a file."""
    return read_header(path, path.stat().st_size)


def png(width: int, height: int) -> bytes:
    """Return the head of a PNG of that size, up to where its pixels would begin."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("size", [(1, 1), (640, 3)])
def test_sizes(tmp_path: Path, form: str, size: tuple[int, int]) -> None:
    """The size of each format is read, whatever the file is called."""
    Image.new("L", size).save(tmp_path / "x", form)
    assert header(tmp_path / "x") == Header(*size)


@pytest.mark.parametrize(("orientation", "size"), [(1, (4, 2)), (3, (4, 2)), (6, (2, 4))])
def test_orientation(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    """A JPEG that EXIF turns by a quarter has the size in which it is displayed."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("L", (4, 2)).save(tmp_path / "x.jpg", exif=exif)
    assert header(tmp_path / "x.jpg") == Header(*size)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    """A format that is not on the list is not opened, even under a name that is."""
    Image.new("L", (1, 1)).save(tmp_path / "x.jpg", "PPM")
    assert header(tmp_path / "x.jpg").fault == UNREADABLE


def test_limits(tmp_path: Path) -> None:
    """Empty and huge files are not opened; a bomb is known by its head alone."""
    (tmp_path / "x").write_bytes(png(12_000, 12_000))
    assert header(tmp_path / "x").fault == TOO_MANY_PIXELS
    (tmp_path / "x").write_bytes(png(2**31 - 1, 2**31 - 1))
    assert header(tmp_path / "x").fault == TOO_MANY_PIXELS
    assert read_header(tmp_path / "x", 0).fault == EMPTY
    assert read_header(tmp_path / "x", MOST_BYTES + 1).fault == TOO_LARGE
    assert read_header(tmp_path / "gone", 1).fault == UNREADABLE


@settings(max_examples=100)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=20),
    st.integers(0, 400),
)
def test_damage(
    tmp_path_factory: pytest.TempPathFactory,
    form: str,
    changes: list[tuple[int, int]],
    length: int,
) -> None:
    """A file with changed bytes or a lost end gives a size or a reason, never an error."""
    path = tmp_path_factory.mktemp("damaged") / "x"
    Image.new("RGB", (5, 7)).save(path, form)
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    path.write_bytes(content[: len(content) - length % len(content)])
    found = header(path)
    assert found.fault in HEADER_FAULTS or (found.width and found.height and not found.fault)


def test_real_pictures(shared_data: Path) -> None:
    """The face crops of FairFace are all 224 × 224."""
    crops = sorted((shared_data / "fairface/images").glob("*.jpg"))
    assert {header(path) for path in crops} == {Header(224, 224)}
