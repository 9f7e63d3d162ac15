"""The same images by label, gender and age, with lift, nPMI and their intervals, by the toolkit."""

import sys
from dataclasses import replace

import toolkit as tk
from toolkit.config import AuditConfig
from toolkit.metrics.association import with_labels
from toolkit.model.slices import SliceTable

ATTRIBUTES = ("gender_presentation", "age_presentation")

dataset = tk.load(sys.argv[1])
# Unknown is a value like any other here, because it is one in the table of the peer.
counted = {name: replace(dataset.attribute(name), missing=()) for name in ATTRIBUTES}
found = with_labels(dataset.with_attributes(counted), [ATTRIBUTES], AuditConfig())
tables = SliceTable.concat(found).by_metric()
images = tables["association.observed"]
of_images = images.loc[~images["subject"].str.endswith("(box)"), "n"]
print((of_images > 0).sum(), of_images.sum())
