"""What a card says of comparisons that showed nothing."""

import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from tests.render.records import record, table
from toolkit.detectable import MINIMUM
from toolkit.model.card import Form
from toolkit.render._disclosure import publish
from toolkit.render.card.measured import characteristics, findings, statistics

FEMININE = "gender_presentation=Predominantly Feminine"
UNKNOWN = "gender_presentation=Unknown"


def test_the_comparisons_that_say_least_come_first() -> None:
    """First where nothing would have been found, then by the least disparity; none that is masked.

    Ratios and other numbers are left out, as they cannot be ranked with shares.
    """
    of_age = "annotation.missing_gap: age_presentation"
    rows = [
        table(MINIMUM, [FEMININE, UNKNOWN], [4932, 40], [0.02, math.nan], 0.0, of_age),
        table(MINIMUM, [UNKNOWN], [11415], [0.2], 0.0, "representation.share_of_known"),
        table(MINIMUM, [UNKNOWN], [5], [0.9], 0.0, "annotation.rate_gap: is_occluded"),
        table(MINIMUM, [UNKNOWN], [500], [3.0], 1.0, "association.lift: Dog"),
    ]
    least = pd.concat(rows, ignore_index=True)
    counted = {"representation.count": table("representation.count", [FEMININE], [4932], [4932])}
    audit = replace(record(), tables=MappingProxyType({**counted, MINIMUM: least}))
    result = findings(publish(audit))
    assert result is not None
    assert {measure.form for measure in result.measures} == {Form.POINTS}
    np.testing.assert_equal([m.value for m in result.measures], [math.nan, 0.2, 0.02])
    assert result.measures[0].name == (
        "Would have been found: perceived age presentation × "
        "Unknown (perceived gender presentation)"
    )


def test_boxes_are_described_as_the_settings_choose_them() -> None:
    """The means of size and position over all boxes, and boxes an image; no other choice."""
    names = {"box_area": 0.12, "box_x_center": 0.5, "box_y_center": 0.6, "box_aspect": 0.9}
    numbers = {**names, "box_area (group boxes in)": 0.2}
    means = pd.concat(
        table("geometry.mean", ["overall", FEMININE], [100, 40], value, subject=subject)
        for subject, value in numbers.items()
    )
    sizes = pd.concat(
        table("geometry.boxes_per_image", ["overall"], [50], value, subject=subject, unit="image")
        for subject, value in {"": 2.0, "group boxes in": 3.0}.items()
    )
    tables = {"geometry.mean": means, "geometry.boxes_per_image": sizes}
    audit = replace(record(), tables=MappingProxyType(tables))
    found = [result.measures for result in (statistics(audit), characteristics(audit)) if result]
    assert [measure.value for measure in found[0]] == [0.12, 0.5, 0.6]
    assert found[1][-1].value == 2.0
