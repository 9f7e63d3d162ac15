"""Which cells of a table of people acro's threshold rule suppresses."""

import contextlib
import json
import logging
import sys

import pandas as pd
from acro import ACRO
from data import cells

logging.disable(logging.CRITICAL)
people = pd.DataFrame(cells(), columns=["gender", "age"])
with contextlib.redirect_stdout(sys.stderr):
    session = ACRO(suppress=True)
    table = session.crosstab(people["gender"], people["age"])
    threshold = session.config["safe_threshold"]
stacked = table.stack(future_stack=True)
masked = sorted(map(list, stacked.index[stacked.isna()]))
json.dump({"threshold": threshold, "masked": masked}, sys.stdout)
