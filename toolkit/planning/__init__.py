"""From an audit to a collection plan: which images would give each group its fair amount."""

from toolkit.planning.collecting import plan
from toolkit.planning.model import CollectionPlan, Kind, State
from toolkit.planning.report import to_markdown

__all__ = ["CollectionPlan", "Kind", "State", "plan", "to_markdown"]
