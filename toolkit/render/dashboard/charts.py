"""The interactive charts: shares with intervals against the reference, as Plotly figures."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any, Final

from toolkit.model.card import Form
from toolkit.render._escape import clip, visible
from toolkit.render._rows import NUMERIC, Row, by_attributes, estimate, rows
from toolkit.wording.numbers import count, interval, percent
from toolkit.wording.slices import terms, titles, value_of

if TYPE_CHECKING:
    from toolkit.model.audit import AuditRecord

METRIC: Final = "representation.share_of_known"
MOST_GROUPS: Final = 40
LONGEST_LABEL: Final = 40
ROW_HEIGHT: Final = 34
FRAME_HEIGHT: Final = 74
INK, LINE = "#1b2733", "#dde4ec"
SIDES: Final = {
    "over": ("#2f7fae", "triangle-up"),
    "under": ("#c2602f", "triangle-down"),
    "": ("#66788a", "circle"),
}


def charts(audit: AuditRecord) -> list[dict[str, Any]]:
    """Return one figure for each attribute or intersection that has a reference.

    A figure has `title`, `data` and `layout`, and its numbers as the rows of a `table`. Text from
    the dataset is escaped, since Plotly reads a part of HTML in it.
    """
    attributes = {attribute.name: attribute for attribute in audit.attributes}
    cut = by_attributes(row for row in rows(audit, METRIC) if row.status in NUMERIC)
    return [figure(titles(names, attributes), cut[names][:MOST_GROUPS]) for names in cut]


def figure(title: str, groups: list[Row]) -> dict[str, Any]:
    """Return the figure of one attribute: a mark with its interval for each group, top down."""
    return {
        "title": title,
        "table": [printed(row) for row in groups],
        "data": [intervals(groups), references(groups)],
        "layout": {
            "height": FRAME_HEIGHT + ROW_HEIGHT * len(groups),
            "margin": {"l": 8, "r": 16, "t": 8, "b": 36},
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "hovermode": "closest",
            "xaxis": {
                "tickformat": ".0%",
                "rangemode": "tozero",
                "gridcolor": LINE,
                "zeroline": False,
            },
            "yaxis": {
                "tickvals": list(range(len(groups))),
                "ticktext": [label(row) for row in groups],
                "range": [len(groups) - 0.5, -0.5],
                "automargin": True,
                "showgrid": False,
                "zeroline": False,
            },
        },
    }


def intervals(groups: list[Row]) -> dict[str, Any]:
    """Return the trace of the shares with their intervals."""
    sides = [SIDES[side(row)] for row in groups]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [row.value for row in groups],
        "y": list(range(len(groups))),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [beyond(row.ci_high - row.value) for row in groups],
            "arrayminus": [beyond(row.value - row.ci_low) for row in groups],
            "color": INK,
            "thickness": 1.5,
            "width": 4,
        },
        "marker": {"size": 11, "color": [c for c, _ in sides], "symbol": [s for _, s in sides]},
        "text": [hover(row) for row in groups],
        "hovertemplate": "%{text}<extra></extra>",
    }


def references(groups: list[Row]) -> dict[str, Any]:
    """Return the trace of the reference shares, as upright strokes."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [finite(row.reference) for row in groups],
        "y": list(range(len(groups))),
        "marker": {"size": 20, "symbol": "line-ns-open", "color": INK, "line": {"width": 2}},
        "text": [f"Reference {percent(row.reference)}" for row in groups],
        "hovertemplate": "%{text}<extra></extra>",
    }


def printed(row: Row) -> list[str]:
    """Return the numbers of a mark as text: value, share, interval and reference."""
    return [
        values(row),
        estimate(row.value, Form.SHARE, row.status),
        interval(row.ci_low, row.ci_high, Form.SHARE),
        percent(row.reference),
    ]


def side(row: Row) -> str:
    """Say on which side of the reference the whole interval lies."""
    if row.ci_low > row.reference:
        return "over"
    return "under" if row.ci_high < row.reference else ""


def values(row: Row) -> str:
    """Return the values of a group; those of an intersection joined."""
    return " · ".join(value_of(value) for _, value in terms(row.slice))


def label(row: Row) -> str:
    """Return a group's values for the axis.

    Plotly would read tags, and dollar signs as formulas.
    """
    return html.escape(visible(clip(values(row), LONGEST_LABEL)), quote=False).replace("$", "&#36;")


def hover(row: Row) -> str:
    """Return what a mark says when it is pointed at."""
    ends = interval(row.ci_low, row.ci_high, Form.SHARE)
    return f"{label(row)}<br>{percent(row.value)} ({ends})<br>n = {count(row.n)}"


def beyond(length: float) -> float:
    """Return the length of one half of an interval; 0 where there is none."""
    return max(length, 0.0) if math.isfinite(length) else 0.0


def finite(value: float) -> float | None:
    """Return a number that JSON can say."""
    return value if math.isfinite(value) else None
