"""What changed between two audits, told from their records alone."""

from toolkit.comparison.comparing import compare
from toolkit.comparison.model import Comparison, Outcome
from toolkit.comparison.report import to_markdown

__all__ = ["Comparison", "Outcome", "compare", "to_markdown"]
