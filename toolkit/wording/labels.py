"""What stands behind the name of a label to tell from where it is known."""

from __future__ import annotations

from typing import Final

OF_BOX: Final = " (box)"
"""The label of a box, beside labels of images."""
OF_WORD: Final = " (word)"
"""A word of captions: what somebody wrote, and no label that images can be collected for."""
