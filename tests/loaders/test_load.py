"""One call loads any known format, and says why it took it for that."""

from pathlib import Path
from typing import Any

import pytest

from toolkit.engine import Engine
from toolkit.errors import (
    DataNotFoundError,
    DataReadError,
    ToolkitError,
    UnknownFormatError,
    UnknownNameError,
)
from toolkit.loaders import LOADERS, load

BOXES = "ImageID,LabelName,XMin,XMax,YMin,YMax\n00000000000000a1,/m/a,0,1,0,1\n"


def write(folder: Path, text: str, name: str = "x.csv") -> Path:
    """Write a text file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_format_is_recognised(tmp_path: Path) -> None:
    """The first loader that recognises the content is used, and its reason is kept."""
    boxes = load(write(tmp_path, BOXES))
    assert boxes.provenance.loader == "open_images"
    assert boxes.provenance.recognised == (
        "it holds files with the columns of Open Images: boxes (1)"
    )
    table = load(str(write(tmp_path, "image_id,age\ni,old\n", "y.csv")))
    assert table.provenance.loader == "table"
    assert table.provenance.recognised == "its column 'image_id' names the image"


def test_the_format_can_be_named(tmp_path: Path) -> None:
    """A named format is used, and options choose the one that takes them."""
    path = write(tmp_path, BOXES)
    named = load(path, "table", name="My boxes", licence="CC0")
    assert (named.name, named.provenance.licence) == ("My boxes", "CC0")
    assert named.provenance.recognised == "the format was named"
    by_option = load(path, label="LabelName")
    assert by_option.provenance.loader == "table"
    assert by_option.provenance.recognised == "only this format takes the options label"


def test_names_come_from_paths(tmp_path: Path) -> None:
    """A dataset is called like its file without endings, or like its folder."""
    path = write(tmp_path, BOXES, "boxes.train.csv")
    assert load(path).name == "boxes.train"
    assert load(path, "table").name == "boxes.train"
    assert load(tmp_path).name == tmp_path.name


def test_a_given_engine_is_used(tmp_path: Path) -> None:
    """Tables belong to the engine that is given."""
    with Engine() as engine:
        dataset = load(write(tmp_path, BOXES), engine=engine)
        assert dataset.annotations is not None
        assert dataset.annotations.get_backend() is engine.backend


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (
            BOXES,
            {"format": "nonsense"},
            UnknownNameError,
            "Unknown loader 'nonsense'. Choose one of",
        ),
        (BOXES, {"format": "tabel"}, UnknownNameError, "Did you mean 'table'?"),
        (BOXES, {"lable": "x"}, UnknownNameError, "Unknown option 'lable' in load. Did you mean"),
        (
            BOXES,
            {"format": "open_images", "label": "x"},
            UnknownNameError,
            "Unknown option 'label' in the format 'open_images'. There is none to choose from.",
        ),
        ("a,b\n1,2\n", {}, UnknownFormatError, "(open_images: it does not have the columns"),
        ("a,b\n1,2\n", {}, UnknownFormatError, "table: none of its columns is named image_id"),
        ("", {}, DataReadError, "is empty"),
        ("\x00\x01", {}, DataReadError, "is binary, or text that is not UTF-8"),
        ("", {"format": "table"}, DataReadError, "is empty"),
        ("", {"format": "open_images"}, DataReadError, "is empty"),
        ("a,b\n1,2\n", {"format": "open_images"}, DataReadError, "Choose another --format"),
    ],
)
def test_what_cannot_be_loaded_is_told(
    tmp_path: Path, text: str, options: dict[str, Any], error: type[ToolkitError], message: str
) -> None:
    """Unknown formats, options and contents are one sentence with what to do."""
    with pytest.raises(error) as refused:
        load(write(tmp_path, text), **options)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_with_nothing_readable_is_told(tmp_path: Path) -> None:
    """A folder without a single file of a known format, or without any file, is not a dataset."""
    for _ in range(2):
        with pytest.raises(UnknownFormatError, match="none of its files has the columns"):
            load(tmp_path)
        write(tmp_path, "# Notes", "README.md")


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    """A path at which nothing is, is told as such and not as a format."""
    with pytest.raises(DataNotFoundError):
        load(tmp_path / "missing.csv")


def test_every_loader_describes_itself() -> None:
    """The list of formats has one line each on what is read and what is not."""
    for name, loader in LOADERS.items():
        assert loader.name == name
        assert "\n" not in loader.reads + loader.does_not_read
        assert loader.reads
        assert loader.does_not_read
