"""The sample's pictures: people stand where their boxes are, and the camera does what it should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops
from scipy import ndimage

from toolkit.sample import plan
from toolkit.sample.canvas import HEIGHT, WIDTH
from toolkit.sample.design import AGES, LABELS, UNKNOWN, Concern, stream
from toolkit.sample.pictures import Person, Picture, drawing, photograph
from toolkit.sample.scenes import SCENES
from toolkit.sample.things import THINGS
from toolkit.sample.writing import picture_contents

SAMPLE = picture_contents(plan(images=60))


def sketch(picture: Picture) -> Image.Image:
    """Draw a picture always by the same lot."""
    return drawing(picture, stream(0, Concern.DRAWING))


def changed(picture: Picture, other: Picture) -> tuple[float, ...]:
    """Return the box in which two pictures differ, in pixels."""
    box = ImageChops.difference(sketch(picture), sketch(other)).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("flag", ["occluded", "truncated", "group", "depiction", None])
def test_people_fill_their_boxes(flag: str | None) -> None:
    """What a person changes in a picture has the box of the table, within two pixels."""
    people = [person for picture in SAMPLE.values() for person in picture.people]
    for person in [p for p in people if flag is None or getattr(p, flag)][:40]:
        scene = Picture("kitchen", (), ())
        box = changed(replace(scene, people=(person,)), scene)
        expected = np.multiply(person.box, [WIDTH, HEIGHT, WIDTH, HEIGHT])
        assert np.abs(np.array(box) - expected).max() <= 2


@pytest.mark.parametrize("setting", SCENES)
@pytest.mark.parametrize("label", THINGS)
def test_every_thing_can_be_seen_in_every_setting(label: str, setting: str) -> None:
    """The thing a label names changes at least a hundred pixels of the picture."""
    scene = Picture(setting, (), ())
    difference = ImageChops.difference(sketch(replace(scene, labels=(label,))), sketch(scene))
    assert np.asarray(difference).any(axis=2).sum() > 100


def test_every_label_is_drawn() -> None:
    """Each label but the kitchen, which is a setting, has a drawing."""
    assert {LABELS[code] for code in LABELS.keys() - THINGS.keys()} == {"Kitchen"}


@pytest.mark.parametrize("age", [*AGES, UNKNOWN])
def test_every_age_can_be_drawn(age: str) -> None:
    """People of every age presentation, also unknown, look different."""
    person = Person((0.3, 0.2, 0.51, 0.9), age)
    others = [replace(person, age=other) for other in (*AGES, UNKNOWN) if other != age]
    for other in others:
        assert changed(Picture("park", (person,), ()), Picture("park", (other,), ()))


def photographed(**camera: Any) -> np.ndarray:
    """Return the levels of a picture taken with these settings."""
    picture = replace(next(iter(SAMPLE.values())), blur=0.0, exposure=1.0, noise=0.0)
    image = photograph(replace(picture, **camera), stream(0, Concern.DRAWING))
    return np.asarray(image, dtype=float)


def test_blur_is_that_of_a_gaussian() -> None:
    """A blur of two pixels is that of SciPy's Gaussian filter, within a level on average."""
    expected = ndimage.gaussian_filter(photographed(), sigma=(2, 2, 0), mode="nearest")
    assert np.abs(photographed(blur=2.0) - expected).mean() < 1


def test_exposure_scales_brightness() -> None:
    """An exposure of 0.6 gives 0.6 of every level, rounded."""
    assert np.abs(photographed(exposure=0.6) - 0.6 * photographed()).max() <= 0.5


def test_noise_has_its_standard_deviation() -> None:
    """Noise of four levels differs from the picture by a standard deviation of four."""
    middle = photographed(exposure=0.5)
    assert np.std(photographed(exposure=0.5, noise=4.0) - middle) == pytest.approx(4, rel=0.02)
