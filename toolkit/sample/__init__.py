"""A sample dataset drawn by our own code, with biases that are planted and written down."""

from toolkit.sample.tables import SampleTables, plan
from toolkit.sample.writing import write, write_tables

__all__ = ["SampleTables", "plan", "write", "write_tables"]
