"""A self-contained HTML page: nothing is fetched, and nothing runs but what was written here.

The Content-Security-Policy names the SHA-256 of the page's own scripts and styles, so that even
markup that slipped in from a dataset could neither run nor load anything.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toolkit.render._escape import clip, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER: Final = Path(__file__).parent


@cache
def environment() -> Environment:
    """Return the templates, which escape what they print and spell out invisible characters."""
    templates = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=printed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["clip"] = clip
    return templates


def printed(value: Any) -> Any:
    """Return what a template prints for a value: text of strangers only visibly."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def asset(name: str) -> Markup:
    """Return one of our own style sheets or scripts, as it stands beside the templates."""
    return Markup((FOLDER / name).read_text(encoding="utf-8").strip())  # noqa: S704 - our own file


def policy(scripts: Iterable[str] = (), styles: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy that allows these inline contents and nothing else."""
    allowed = {"script-src": sources(scripts), "style-src": sources(styles), "img-src": "data:"}
    rules = [f"{name} {value}" for name, value in allowed.items() if value]
    return "; ".join(["default-src 'none'", *rules, "base-uri 'none'", "form-action 'none'"])


def sources(contents: Iterable[str]) -> str:
    """Return the hash sources of inline contents, after CSP Level 3, section 6.7.3.3."""
    digests = (hashlib.sha256(content.encode("utf-8")).digest() for content in contents)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)
