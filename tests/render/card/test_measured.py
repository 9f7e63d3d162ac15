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
from toolkit.render.card.measured import findings

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
