"""The worst slices of a file by SliceLine's score, by the package `sliceline`."""

import sys

import pandas as pd
from sliceline import Slicefinder

rows = pd.read_parquet(sys.argv[1])
codes = rows[[f"a{i}" for i in range(8)]].astype(int).to_numpy()
finder = Slicefinder(alpha=0.95, k=5, max_l=3, min_sup=20, verbose=False)
finder.fit(codes, rows["error"].to_numpy(dtype=float))
print(finder.top_slices_, finder.top_slices_statistics_)
