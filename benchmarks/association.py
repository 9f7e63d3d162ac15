"""What all measures of association of 600 labels with 9 values cost, at the size of Open Images.

    python benchmarks/association.py FOLDER   60,000,000 image labels, 2,000,000 attributed boxes

README.md beside this file says where the data come from. The 9 values are 3 of gender presentation
by 3 of age presentation. Loading, which reads and checks every row, is measured apart.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import toolkit as tk
from toolkit.config import AuditConfig
from toolkit.config.association import MeasureName
from toolkit.metrics.association import with_labels
from toolkit.model.slices import SliceTable

BY = ("gender_presentation", "age_presentation")
MEASURES = list(get_args(MeasureName))
TARGET = 20.0


def main(folder: str) -> None:
    """Load the person boxes and the labels, and measure every pair and every gap."""
    start = time.perf_counter()
    dataset = tk.load(folder)
    loaded = time.perf_counter()
    # Unknown gender is a value like any other here: 3 values of gender by 3 of age.
    counted = {
        BY[0]: replace(dataset.attribute(BY[0]), missing=()),
        BY[1]: dataset.attribute(BY[1]),
    }
    settings = {"measures": MEASURES, "gaps": ["npmi", *MEASURES], "most_compared": 9}
    config = AuditConfig.of({"association": settings})
    tables = SliceTable.concat(with_labels(dataset.with_attributes(counted), [BY], config))
    seconds = time.perf_counter() - loaded
    numbers = {name: len(table) for name, table in tables.by_metric().items()}
    print(f"loading          {loaded - start:7.2f} s")
    print(f"all measures     {seconds:7.2f} s   target {TARGET:.0f} s")
    print(", ".join(f"{name}: {number:,}" for name, number in numbers.items()))


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    main(sys.argv[1])
