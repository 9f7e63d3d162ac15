"""The sample's folder: complete, readable by others, and written whole or not at all."""

from __future__ import annotations

import csv
import errno
import os
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from toolkit.errors import OutputError
from toolkit.sample import plan, write

IMAGES = 40
HEADERS = {
    "boxes.csv": "ImageID,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,"
    "IsGroupOf,IsDepictionOf,IsInsideOf,GenderPresentation,AgePresentation",
    "images.csv": "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,"
    "Title,OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation",
    "image_labels.csv": "ImageID,Source,LabelName,Confidence",
    "class-descriptions.csv": "LabelName,DisplayName",
    "captions.csv": "image_id,caption_id,text",
    "predictions.csv": "image_id,label,score,x_min,y_min,x_max,y_max,model",
    "annotators.csv": "annotation_id,annotator,gender_presentation,age_presentation",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample as it is written."""
    return write(tmp_path_factory.mktemp("sample") / "new" / "sample", images=IMAGES)


def test_the_folder_is_complete(folder: Path) -> None:
    """Every table has its format's header, and truth, README and an image an id are there."""
    assert {p.name for p in folder.iterdir()} == {*HEADERS, "images", "truth.toml", "README.md"}
    for name, header in HEADERS.items():
        with (folder / name).open(encoding="utf-8", newline="") as lines:
            assert next(csv.reader(lines)) == header.split(",")
    ids = pd.read_csv(folder / "images.csv", dtype=str)["ImageID"]
    assert {path.stem for path in (folder / "images").iterdir()} == set(ids)
    assert "CC0" in (folder / "README.md").read_text(encoding="utf-8")


def test_headers_are_those_of_the_published_files(folder: Path, shared_data: Path) -> None:
    """Boxes and images have the header lines of MIAP's and Open Images' own files."""
    published = {
        "boxes.csv": "miap_val/open_images_extended_miap_boxes_val.csv",
        "images.csv": "open_images_meta/sample_image_ids_reduced.csv",
        "image_labels.csv": "open_images_meta/sample_train_human_labels.csv",
    }
    for ours, theirs in published.items():
        with (folder / ours).open() as mine, (shared_data / theirs).open() as original:
            assert mine.readline().strip() == original.readline().strip()


def test_tables_are_read_back_as_planned(folder: Path) -> None:
    """Boxes, labels and predictions that pandas reads are the planned ones."""
    tables = plan(images=IMAGES)
    for name in ("boxes", "image_labels", "captions", "predictions", "annotators"):
        read = pd.read_csv(folder / f"{name}.csv", keep_default_na=False, dtype_backend="pyarrow")
        planned = getattr(tables, name)
        assert read.astype(str).equals(planned.round(6).astype(read.dtypes).astype(str))


def test_pictures_are_jpegs_and_repeats_are_the_same_pixels(folder: Path) -> None:
    """Every picture is a JPEG of 320 by 240; the planted repeats are equal, no others are."""
    contents = {}
    for path in (folder / "images").iterdir():
        with Image.open(path) as image:
            assert (image.format, image.size, image.mode) == ("JPEG", (320, 240), "RGB")
            contents[path.stem] = np.asarray(image).tobytes()
    pictures = plan(images=IMAGES).pictures
    assert len(set(contents.values())) == pictures["drawn_as"].nunique() < IMAGES
    for image_id, original in pictures[["image_id", "drawn_as"]].to_numpy().tolist():
        assert contents[image_id] == contents[original]


def test_truth_says_what_was_planted(folder: Path, tmp_path: Path) -> None:
    """truth.toml is TOML with the settings, the protocol, and biases only where there are some."""
    truth = tomllib.loads((folder / "truth.toml").read_text(encoding="utf-8"))
    assert truth["sample"] == {"images": IMAGES, "seed": 0, "biased": True}
    assert {entry["kind"] for entry in truth["planted"]} == {
        "representation",
        "association",
        "image_quality",
        "detection",
        "unknown_rate",
        "constant_flag",
        "duplicate_images",
        "duplicate_rows",
    }
    plain = write(tmp_path / "unbiased", images=1, biased=False)
    honest = tomllib.loads((plain / "truth.toml").read_text(encoding="utf-8"))
    assert honest.keys() == {"sample", "protocol"}
    assert honest["protocol"] == truth["protocol"]
    assert "No bias" in (plain / "README.md").read_text(encoding="utf-8")


def test_progress_is_reported(tmp_path: Path) -> None:
    """Each finished picture is reported with the number of all."""
    calls: list[tuple[int, int]] = []
    write(tmp_path, images=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    """A file, a full folder or a file as parent in the way is an error and stays as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    for target in (file, tmp_path, file / "sample"):
        with pytest.raises(OutputError, match="Nothing there was changed"):
            write(target, images=1)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert file.read_text() == "mine"


def test_no_permission_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that may not be written to is an error with the system's reason."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # The superuser may write everywhere, so the refusal is played.
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=r"sample': Permission denied\."):
        write(tmp_path / "sample", images=1)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a picture does not fit any more, that is an error and no part of the sample is left."""

    def full(_: Image.Image, path: Path, **__: object) -> None:
        path.write_bytes(b"the first part")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write(tmp_path / "sample", images=2)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    """Stopping while pictures are drawn removes what was written."""

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "sample", images=5, progress=stop)
    assert list(tmp_path.iterdir()) == []
