"""What an audit costs, as a whole process, beside plain pandas making one of its tables.

    python benchmarks/audit.py miap-file FILE      the official MIAP validation boxes
    python benchmarks/audit.py miap FOLDER         100,000 images, 454,000 boxes, 5,000,000 labels
    python benchmarks/audit.py open_images FOLDER  9,000,000 images, 16,000,000 boxes, 60,000,000
                                                   labels, 2,000,000 attributed boxes

README.md beside this file says where the data come from.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measure import Cost, costs

HERE = Path(__file__).parent
BY = ["gender_presentation", "age_presentation", "gender_presentation,age_presentation"]


@dataclass(frozen=True)
class Target:
    """The most a whole audit may cost, and whether there are labels for the table of the peer."""

    most: Cost
    labelled: bool


TARGETS = {
    "miap-file": Target(Cost(4, 1024), labelled=False),
    "miap": Target(Cost(10, 1024), labelled=True),
    "open_images": Target(Cost(60, 4096), labelled=True),
}


def audit(data: str, output: str) -> list[str]:
    """Return the command of a whole audit."""
    by = [part for names in BY for part in ("--by", names)]
    return ["-m", "toolkit", "audit", data, *by, "--output", output]


def table(side: str, data: str) -> list[str]:
    """Return the command that makes one side's table of label by gender by age."""
    return [str(HERE / f"table_{side}.py"), data]


def main(size: str, data: str) -> None:
    """Measure and print one size."""
    target = TARGETS[size]
    with tempfile.TemporaryDirectory() as output:
        whole = costs({"audit": audit(data, f"{output}/audit")})["audit"]
    print(f"{'whole audit':<24}{whole}   target{target.most}")
    if target.labelled:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("persons.parquet", "image_labels.parquet"):
                Path(folder, name).symlink_to(Path(data, name).resolve())
            sides = costs({side: table(side, folder) for side in ("toolkit", "pandas")})
        ours, peer = sides["toolkit"], sides["pandas"]
        print(f"{'table, toolkit':<24}{ours}\n{'table, plain pandas':<24}{peer}")
        times, memory = peer.seconds / ours.seconds, peer.mebibytes / ours.mebibytes
        print(f"plain pandas takes {times:.1f} times as long and {memory:.1f} times the memory")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in TARGETS or not Path(sys.argv[2]).exists():
        sys.exit(__doc__)
    main(*sys.argv[1:])
