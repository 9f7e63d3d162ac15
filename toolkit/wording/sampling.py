"""How the rows were drawn, in words."""

from __future__ import annotations


def sampling_in_words(cluster: str, weights: str = "") -> str:
    """Return by what intervals are clustered and rows weighted, from the settings of the slices.

    For instance `clustered by photographer; weighted by w`, or `clustered by image`.
    """
    weighted = f"; weighted by {weights.replace('_', ' ')}" if weights else ""
    return f"clustered by {cluster.replace('_', ' ')}{weighted}"
