"""Images by label, gender and age presentation, as one would usually write it with pandas."""

import sys
from pathlib import Path

import pandas as pd

folder = Path(sys.argv[1])
attributes = ["GenderPresentation", "AgePresentation"]
persons = pd.read_parquet(folder / "persons.parquet", columns=["ImageID", *attributes])
labels = pd.read_parquet(
    folder / "image_labels.parquet", columns=["ImageID", "LabelName", "Confidence"]
)
present = labels.loc[labels["Confidence"] >= 0.5, ["ImageID", "LabelName"]]
both = persons.merge(present, on="ImageID")
images = both.groupby(["LabelName", *attributes])["ImageID"].nunique()
print(len(images), images.sum())
