"""Plug-ins by name: the built-in ones, then those of installed packages."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from toolkit import registry
from toolkit.errors import PluginError, UnknownNameError

BUILT_IN = {"share": "built-in share", "lift": "built-in lift"}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install three plug-ins of other packages: a good, a rivalling and a broken one."""
    points = EntryPoints(
        [
            EntryPoint("depth", "math:pi", "toolkit.metrics"),
            EntryPoint("share", "math:e", "toolkit.metrics"),
            EntryPoint("broken", "no_such_module:metric", "toolkit.signals"),
        ]
    )
    monkeypatch.setattr(registry, "entry_points", points.select)


def test_built_in_first_then_installed() -> None:
    """Listing shows the built-in plug-ins in their order, then what packages offer."""
    found = registry.available("metrics", BUILT_IN)
    assert list(found) == ["share", "lift", "depth"]
    assert found["depth"] == pytest.approx(3.14159, abs=1e-5)


def test_built_in_cannot_be_replaced() -> None:
    """A package that offers a built-in name does not change what an audit computes."""
    assert registry.available("metrics", BUILT_IN)["share"] == "built-in share"
    assert registry.lookup("metrics", BUILT_IN, "share") == "built-in share"


def test_lookup_finds_an_installed_plugin() -> None:
    """A name that only a package offers is loaded from it."""
    assert registry.lookup("metrics", {}, "depth") == pytest.approx(3.14159, abs=1e-5)


def test_a_kind_sees_only_its_own() -> None:
    """A metric is not offered where a signal is asked for."""
    with pytest.raises(UnknownNameError, match=r"^Unknown signal 'depth'\."):
        registry.lookup("signals", {"sharpness": object()}, "depth")


def test_unknown_name_suggests_installed_ones_too() -> None:
    """The did-you-mean knows the plug-ins of packages."""
    with pytest.raises(UnknownNameError, match=r"Did you mean 'depth'\?"):
        registry.lookup("metrics", BUILT_IN, "dept")


def test_a_broken_plugin_harms_only_itself() -> None:
    """A plug-in that cannot be imported does not stop others of its kind from being used."""
    good = object()
    assert registry.lookup("signals", {"sharpness": good}, "sharpness") is good
    with pytest.raises(UnknownNameError, match="broken, sharpness"):
        registry.lookup("signals", {"sharpness": good}, "x")


def test_a_broken_plugin_is_named_with_its_package_and_what_to_do() -> None:
    """Where every plug-in of a kind is wanted, or this one, a sentence says which one is broken."""
    sentence = r"'broken' of the package 'no_such_module:metric' .*Update or uninstall"
    with pytest.raises(PluginError, match=sentence):
        registry.available("signals", {})
    with pytest.raises(PluginError, match="No module named 'no_such_module'"):
        registry.lookup("signals", {}, "broken")
