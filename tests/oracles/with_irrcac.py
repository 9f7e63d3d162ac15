"""Agreement corrected for chance by irrCAC, with and without missing answers."""

import json
import sys

import pandas as pd
from data import answers
from irrCAC.raw import CAC


def coefficients(rows: list) -> dict[str, float]:
    """Return its coefficients to as many digits as it gives."""
    agreement = CAC(pd.DataFrame(rows), digits=12)
    return {
        name: float(getattr(agreement, name)()["est"]["coefficient_value"])
        for name in ("gwet", "fleiss", "krippendorff")
    }


rows = answers()
complete = [row for row in rows if None not in row]
json.dump({"some missing": coefficients(rows), "complete": coefficients(complete)}, sys.stdout)
