"""Text of a dataset made harmless for the place it is written to.

Names, labels and captions come from strangers. HTML is escaped by the templates; here is what the
templates cannot do.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

from markupsafe import Markup

JOINERS: Final = frozenset("\u200c\u200d")
"""Zero-width (non-)joiners: Persian words and family emoji need them, and they hide nothing."""
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
LONGEST: Final = 120
MARKDOWN: Final = re.compile(r"[\\`*_\[\]<>|~$]|&(?=[#\w])|(?<=\bwww)\.|:(?=//)")
BLOCK_START: Final = re.compile(r"^(\d*)([-+=#.)])(?=[-+=#\s]|$)")
IN_SCRIPT: Final = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def visible(text: str) -> str:
    r"""Return the text with every control, format, unassigned and surrogate character spelt out.

    `"a\u202eb"` becomes `"a\\u202eb"`: nothing can move the cursor of a terminal, reverse the
    direction of a line, hide, or fail to be encoded.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(spelt(c) if is_invisible(c) else c for c in text)


def is_invisible(character: str) -> bool:
    """Tell whether a reader would not see the character where it stands."""
    return unicodedata.category(character) in INVISIBLE and character not in JOINERS


def spelt(character: str) -> str:
    r"""Return a character as Python would write it, for instance `\n` or `\u202e`."""
    return character.encode("unicode_escape").decode("ascii")


def clip(text: str, limit: int = LONGEST) -> str:
    """Return the text, cut at the limit with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def markdown(text: str) -> str:
    """Return the text so that Markdown prints it as it stands, on one line.

    Characters with a meaning get a backslash; so do the marks by which an address becomes a link.
    """
    escaped = MARKDOWN.sub(r"\\\g<0>", visible(" ".join(text.split())))
    return BLOCK_START.sub(r"\1\\\2", escaped)


def script_json(value: Any) -> Markup:
    """Return JSON that may stand inside a `<script>` of any type without ending it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(IN_SCRIPT))  # noqa: S704 - every character HTML reads is escaped
