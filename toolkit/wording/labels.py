"""What stands behind the name of a label: its source, and what it is compared with."""

from __future__ import annotations

from typing import Final

OF_BOX: Final = " (box)"
"""The label of a box, beside labels of images."""
OF_WORD: Final = " (word)"
"""A word of captions: what somebody wrote, and no label that images can be collected for."""
AGAINST: Final = " against "
"""Before the group that another one is compared with, where that is not all others."""
