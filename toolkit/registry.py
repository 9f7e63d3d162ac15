"""Plug-ins by name: the built-in table first, then what installed packages offer.

Each kind (`loaders`, `metrics`, `signals`, `rules`, `renderers`) has one explicit dict in its
folder's `__init__`, which reads as a table of contents. Other packages register under the
entry-point group `toolkit.<kind>`; they cannot replace a built-in name.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.errors import PluginError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

Plugin = TypeVar("Plugin")


def available(kind: str, table: Mapping[str, Plugin]) -> dict[str, Plugin]:
    """Return every plug-in of a kind by name, built-in ones first.

    Raises:
        PluginError: If one of an installed package cannot be loaded.
    """
    offered = {point.name: point for point in entry_points(group=f"toolkit.{kind}")}
    return dict(table) | {name: loaded(p) for name, p in offered.items() if name not in table}


def lookup(kind: str, table: Mapping[str, Plugin], name: str) -> Plugin:
    """Return the plug-in of that name.

    Raises:
        UnknownNameError: If there is none; the message lists the choices.
        PluginError: If it is one of an installed package and cannot be loaded.
    """
    if name in table:
        return table[name]
    offered = entry_points(group=f"toolkit.{kind}")
    if name not in offered.names:
        raise UnknownNameError(kind.removesuffix("s"), name, {*table, *offered.names})
    plugin: Plugin = loaded(offered[name])
    return plugin


def loaded(point: EntryPoint) -> Any:
    """Load what an installed package offers.

    Raises:
        PluginError: If it cannot be imported, whatever is wrong with it.
    """
    try:
        return point.load()
    except Exception as error:
        package = point.dist.name if point.dist else point.value
        raise PluginError(point.name, package, f"{type(error).__name__}: {error}") from error
