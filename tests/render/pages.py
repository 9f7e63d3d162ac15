"""An HTML page taken apart, to see what a browser would do with it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "br", "link", "img", "hr"}
SELF_CLOSED = {"rect", "path"}


@dataclass
class Page(HTMLParser):
    """What a page holds.

    Attributes:
        tags: Every tag with its attributes.
        scripts: The contents of the scripts that run.
        data: The contents of the scripts that do not.
        styles: The contents of the styles.
        addresses: The addresses that are linked or loaded.
        text: What can be read.
        problems: What is not valid: unbalanced tags, repeated ids, handlers, inline styles.
    """

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    text: str = ""
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no tag open."""
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.ids: set[str] = set()

    @classmethod
    def of(cls, text: str) -> Page:
        """Take a page apart."""
        page = cls()
        page.feed(text)
        page.close()
        page.problems += [f"<{tag}> is not closed" for tag in page.stack]
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and what is wrong with its attributes."""
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.problems += [f"{name} on <{tag}>" for name in attributes if name.startswith("on")]
        self.problems += [f"style on <{tag}>"] if "style" in attributes else []
        self.addresses += [str(attributes[n]) for n in ("src", "href", "action") if n in attributes]
        if identity := attributes.get("id"):
            self.problems += [f"id {identity} twice"] if identity in self.ids else []
            self.ids.add(identity)
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "script":
            (self.scripts if "type" not in attributes else self.data).append("")
        if tag == "style":
            self.styles.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Allow a tag that closes itself only in SVG."""
        self.handle_starttag(tag, attrs)
        self.stack.pop()
        if tag not in SELF_CLOSED:
            self.problems.append(f"<{tag}/> does not close itself in HTML")

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that is open."""
        if not self.stack or self.stack.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        """Add text to what it belongs to."""
        tag = self.stack[-1] if self.stack else ""
        if tag == "script":
            kept = self.data if "type" in self.tags[-1][1] else self.scripts
            kept[-1] += data
        elif tag == "style":
            self.styles[-1] += data
        else:
            self.text += data

    def expected_policy(self) -> dict[str, set[str]]:
        """Return the strictest policy under which the page works as it is."""
        policy = {
            "default-src": {"'none'"},
            "style-src": hashes(self.styles),
            "img-src": {"data:"},
            "base-uri": {"'none'"},
            "form-action": {"'none'"},
        }
        return policy | ({"script-src": hashes(self.scripts)} if self.scripts else {})


def hashes(contents: list[str]) -> set[str]:
    """Return the sources that allow exactly these contents."""
    digests = [hashlib.sha256(content.encode()).digest() for content in contents]
    return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}


def policy_of(page: Page) -> dict[str, set[str]]:
    """Return the page's Content-Security-Policy."""
    (content,) = [
        str(attributes["content"])
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = [rule.split() for rule in content.split(";")]
    return {name: set(sources) for name, *sources in rules}
