"""UTKFace is read from the names of its pictures."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from toolkit.engine import default_engine
from toolkit.errors import DataReadError
from toolkit.loaders import LOADERS, load
from toolkit.loaders.utkface import load_utkface, recognise_utkface
from toolkit.model.dataset import AnnotatedDataset

GENDERS = ("Male", "Female")
RACES = ("White", "Black", "Asian", "Indian", "Others")
PUBLISHED = {
    "1_0_0_20161219140623097.jpg.chip.jpg": ("1", "0-2", "Male", "White"),
    "26_1_3_20170117195420803.jpg": ("26", "20-29", "Female", "Indian"),
    "100_1_2_20170105174847679.jpg": ("100", "70+", "Female", "Asian"),
    "part1/9_0_4_201701102257.jpg": None,
    "61_1_20170109142408075.jpg.chip.jpg": None,
    "39_1_20170116174525125.jpg": None,
    "24_2_0_20170116174525125.jpg": None,
    "55_0_0_20170116232725357.png": None,
}
"""Names as published, the malformed ones among them."""


def picture(folder: Path, name: str) -> None:
    """Write a picture."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 1)).save(folder / name, "JPEG")


def loaded(path: Path) -> AnnotatedDataset:
    """Load with the engine of the process."""
    return load_utkface(path, engine=default_engine())


def found(dataset: AnnotatedDataset) -> dict[str, tuple[str, ...]]:
    """Return the attributes of each image."""
    assert dataset.images is not None
    names = ("age", "age_group", "gender", "race")
    rows = dataset.images.to_pyarrow().to_pylist()
    return {row["image_id"]: tuple(row[name] for name in names) for row in rows}


def test_published_names(tmp_path: Path) -> None:
    """Codes become the authors' names; names without all fields are counted and listed."""
    for name in PUBLISHED:
        picture(tmp_path, name)
    dataset = loaded(tmp_path)
    assert found(dataset) == {name: said for name, said in PUBLISHED.items() if said}
    reason = "file name is not age_gender_race_date"
    assert dataset.provenance.rows_rejected == {"images": {reason: 5}}
    listed = dataset.rejected["images"].to_pandas()
    assert set(listed["image_id"]) == {name for name, said in PUBLISHED.items() if not said}
    assert {a.basis for a in dataset.attributes.values()} == {"inferred"}
    assert all(a.sensitive for a in dataset.attributes.values())


NAMES = st.tuples(
    st.integers(0, 116), st.integers(0, 1), st.integers(0, 4), st.integers(0, 10**17 - 1)
)


@settings(max_examples=10)
@given(st.sets(NAMES, min_size=1, max_size=5))
def test_any_name_comes_back(names: set[tuple[int, int, int, int]]) -> None:
    """Every age, gender and race comes back, and each age is in the group that spans it."""
    with tempfile.TemporaryDirectory() as folder:
        for age, gender, race, date in names:
            picture(Path(folder), f"{age}_{gender}_{race}_{date:017}.jpg")
        dataset = found(loaded(Path(folder)))
    assert len(dataset) == len(names)
    for age, gender, race, date in names:
        years, group, *rest = dataset[f"{age}_{gender}_{race}_{date:017}.jpg"]
        first, _, last = group.partition("-")
        assert years == str(age)
        assert int(first.rstrip("+")) <= age <= int(last or 116)
        assert rest == [GENDERS[gender], RACES[race]]


def test_links_and_broken_pictures(tmp_path: Path) -> None:
    """A link is counted and not followed; a broken picture keeps what its name says."""
    folder = tmp_path / "in"
    picture(tmp_path, "out.jpg")
    picture(folder, "1_0_0_20161219140623097.jpg")
    (folder / "2_0_0_20161219140623097.jpg").touch()
    (folder / "3_0_0_20161219140623097.jpg").symlink_to(tmp_path / "out.jpg")
    dataset = loaded(folder)
    assert len(found(dataset)) == 2
    assert dataset.provenance.rows_rejected == {"images": {"file is a symbolic link": 1}}
    assert dataset.provenance.notes[0].endswith("the picture's file is empty: 1.")


def test_nothing_to_read(tmp_path: Path) -> None:
    """A file, an empty folder, and one without any such name are each refused in a sentence."""
    with pytest.raises(DataReadError, match="holds no pictures"):
        loaded(tmp_path)
    picture(tmp_path, "a.jpg")
    with pytest.raises(DataReadError, match="no row that can be used"):
        loaded(tmp_path)
    with pytest.raises(DataReadError, match="is a file"):
        loaded(tmp_path / "a.jpg")


def test_recognition(tmp_path: Path) -> None:
    """A folder of such names is recognised before an image folder; other pictures are not."""
    for name in PUBLISHED:
        picture(tmp_path / "utk", name)
    (tmp_path / "utk/55_0_0_20170116232725357.png").unlink()
    (tmp_path / "utk/24_2_0_20170116174525125.jpg").unlink()
    names = list(LOADERS)
    assert names.index("utkface") < names.index("folder")
    assert recognise_utkface(tmp_path / "utk").matches
    assert load(tmp_path / "utk").provenance.loader == "utkface"
    matching = {n for n in LOADERS if LOADERS[n].recognise(tmp_path / "utk").matches}
    assert matching == {"utkface", "folder"}
    picture(tmp_path / "other", "a.jpg")
    assert not recognise_utkface(tmp_path / "other").matches
    assert not recognise_utkface(tmp_path / "other/a.jpg").matches
