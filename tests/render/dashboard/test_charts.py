"""The interactive charts."""

import json

import plotly.graph_objects as go

from tests.render.records import empty, hostile, record
from toolkit.render._escape import script_json
from toolkit.render.dashboard.charts import charts


def test_figures_are_valid_for_plotly() -> None:
    """Plotly's own validation accepts each figure, after the way through JSON."""
    for audit in (record(), hostile()):
        for figure in json.loads(script_json(charts(audit))):
            go.Figure(data=figure["data"], layout=figure["layout"])


def test_marks_show_side_and_interval() -> None:
    """A group below the reference is a down-triangle, with its interval and the reference."""
    marks, reference = charts(record())[0]["data"]
    assert marks["marker"]["symbol"] == ["triangle-down", "triangle-up"]
    assert marks["x"][0] - marks["error_x"]["arrayminus"][0] < marks["x"][0]
    assert reference["x"] == [0.5, 0.5]


def test_every_mark_stands_in_the_table() -> None:
    """The numbers of a chart can be read without seeing it."""
    figure = charts(record())[0]
    assert figure["table"] == [
        ["Predominantly Feminine", "39.4%", "37.4% to 41.3%", "50.0%"],
        ["Predominantly Masculine", "60.6%", "57.6% to 63.7%", "50.0%"],
    ]


def test_names_are_no_markup() -> None:
    """Plotly would draw tags and formulas: neither is left in a label."""
    labels = charts(hostile())[0]["layout"]["yaxis"]["ticktext"]
    assert not any(set("<>$") & set(label) for label in labels)


def test_without_shares_there_is_no_chart() -> None:
    """An audit without numbers has nothing to draw."""
    assert charts(empty()) == []
