"""The worst slices of a file, found in one half of its images and tested in the other."""

import sys

import toolkit as tk
from toolkit.config import AuditConfig
from toolkit.metrics.slice_discovery import slice_discovery

settings = {"high": ["error"], "attributes": [f"a{i}" for i in range(8)]}
found = slice_discovery(tk.load(sys.argv[1]), [], AuditConfig.of({"discovery": settings}))
print(found.frame[["slice", "n", "value", "reference", "q_value"]].to_string())
