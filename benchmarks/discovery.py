"""What slice discovery costs, as a whole process, beside the package `sliceline`.

    python benchmarks/discovery.py

Both search 1,000,000 rows with 8 attributes of two values each, more of which `sliceline` cannot
hold in memory; the toolkit also searches 8 attributes of 2 to 12 values.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measure import Cost, costs

HERE = Path(__file__).parent
ROWS = 1_000_000
MOST_SECONDS = 30
VALUES = {"two": (2,) * 8, "many": (2, 3, 4, 5, 6, 8, 10, 12)}


def written(folder: Path, name: str) -> Path:
    """Write rows, four an image, whose errors are more frequent where two attributes meet."""
    rng = np.random.default_rng(0)
    codes = [rng.choice(n, ROWS, p=rng.dirichlet(np.full(n, 3.0))) for n in VALUES[name]]
    frame = pd.DataFrame({f"a{i}": code.astype(str) for i, code in enumerate(codes)})
    bad = (codes[0] == 1) & (codes[3] == 1)
    frame["error"] = (rng.random(ROWS) < np.where(bad, 0.3, 0.1)).astype(int)
    frame["image_id"] = [f"{i // 4:016x}" for i in range(ROWS)]
    path = folder / f"{name}.parquet"
    frame.to_parquet(path)
    return path


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        two, many = (written(Path(folder), name) for name in VALUES)
        ours, theirs = (str(HERE / f"discovery_{side}.py") for side in ("toolkit", "sliceline"))
        found: dict[str, Cost] = costs(
            {
                "toolkit, many values": [ours, str(many)],
                "toolkit, two values": [ours, str(two)],
                "sliceline, two values": [theirs, str(two)],
            },
            repeats=int(sys.argv[1]) if len(sys.argv) > 1 else 3,
        )
    for name, cost in found.items():
        print(f"{name:<24}{cost}")
    ratio = found["sliceline, two values"].seconds / found["toolkit, two values"].seconds
    print(f"target {MOST_SECONDS} s; sliceline takes {ratio:.1f} times as long as the toolkit")


if __name__ == "__main__":
    main()
