"""Pictures are found by the names that annotations have, and never outside the folder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.intake.pictures import LEADS_OUT, NOT_THERE, leads_out, locate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with pictures, beside one that is none of its business."""
    for name in ("data/images/a b.jpg", "data/c.jpg", "data/images/in/d.jpg", "secret/e.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "data/images/out.jpg").symlink_to(tmp_path / "secret/e.jpg")
    (tmp_path / "data/images/beside.jpg").symlink_to(tmp_path / "data/c.jpg")
    (tmp_path / "data/images/loop.jpg").symlink_to(tmp_path / "data/images/loop.jpg")
    (tmp_path / "data/images/far").symlink_to(tmp_path / "secret")
    return (tmp_path / "data").resolve()


@pytest.mark.parametrize(
    ("name", "path", "fault"),
    [
        ("a b.jpg", "images/a b.jpg", None),
        ("c.jpg", "c.jpg", None),
        ("in/d.jpg", "images/in/d.jpg", None),
        ("./c.jpg", "c.jpg", None),
        ("beside.jpg", "images/beside.jpg", None),
        ("none.jpg", None, NOT_THERE),
        ("in", None, NOT_THERE),
        ("", None, NOT_THERE),
        (None, None, NOT_THERE),
        ("loop.jpg", None, NOT_THERE),
        ("x" * 5000, None, NOT_THERE),
        ("https://example.org/c.jpg", None, NOT_THERE),
        ("out.jpg", None, LEADS_OUT),
        ("far/e.jpg", None, LEADS_OUT),
        ("../secret/e.jpg", None, LEADS_OUT),
        ("in/../../c.jpg", None, LEADS_OUT),
        ("..\\secret\\e.jpg", None, LEADS_OUT),
        ("/etc/passwd", None, LEADS_OUT),
        ("C:\\x.jpg", None, LEADS_OUT),
        ("a\0b", None, LEADS_OUT),
        ("a\udcff", None, LEADS_OUT),
    ],
)
def test_a_name_is_found_or_has_a_fault(
    root: Path, name: str | None, path: str | None, fault: str | None
) -> None:
    """A picture is found by the first folder that has it; links lead nowhere but inside."""
    assert locate(root, ("images", "."), name) == {"path": path, "picture_fault": fault}


@given(st.text(st.sampled_from("./\\a:~é\0"), max_size=8))
def test_no_name_leads_out(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever is not refused stays below the folder when the system resolves it."""
    root = tmp_path_factory.getbasetemp().resolve()
    if not leads_out(name):
        assert (root / name).resolve().is_relative_to(root)
