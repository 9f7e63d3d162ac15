"""The relations table."""

import csv
from pathlib import Path

import pytest

from tests.render.records import big, record
from toolkit.render._disclosure import publish
from toolkit.render.dashboard.relations import MOST_CELLS, coloured, displayed, relations
from toolkit.wording.numbers import OVER, UNDER, direction, expected


def test_cells_print_as_in_know_your_data(shared_data: Path) -> None:
    """Ratio, expected count and arrow of 41 published cells are printed alike."""
    with (shared_data / "kyd_relations" / "kyd_relations_cells.csv").open() as file:
        cells = list(csv.DictReader(file))
    assert len(cells) == 41
    for cell in cells:
        observed, chance = float(cell["observed"]), float(cell["expected_exact"])
        assert displayed(observed, chance).removesuffix("×") == cell["ratio_shown"]
        assert float(expected(chance).replace(",", "")) == float(cell["expected_shown"])
        assert direction(observed, chance) == {"over": OVER, "under": UNDER}[cell["direction"]]


@pytest.mark.parametrize(
    ("strength", "classes"),
    [
        (0.0, ""),
        (float("nan"), ""),
        (0.31, "over s3"),
        (-0.96, "under s10"),
        (-3.2, "under s10"),
        (float("inf"), "over s10"),
    ],
)
def test_colour_is_linear_in_the_conservative_strength(strength: float, classes: str) -> None:
    """Ten steps, full at a factor of two, none where the interval covers independence."""
    assert coloured(strength) == classes


def test_rows_are_sorted_by_their_strongest_cell() -> None:
    """The strongest label comes first; a withheld cell says so and nothing else."""
    (table,) = relations(publish(record()))
    assert table.title == "perceived gender presentation"
    assert table.groups == ("Predominantly Feminine", "Predominantly Masculine")
    labels = [row.label for row in table.rows]
    assert labels[:2] == ["Cosmetics", "Tool"]
    (cell, _) = table.rows[labels.index("Tool")].cells
    assert cell is not None
    assert cell.lift == "↘ 2.87×"
    assert cell.counts == "24 (68.9)"
    assert cell.style == "under s10 small"
    withheld = {cell.lift for cell in table.rows[labels.index("Football helmet")].cells if cell}
    assert withheld == {"withheld"}


def test_of_large_tables_the_strongest_labels_are_shown() -> None:
    """More cells than fit are cut, and the number of all labels is kept."""
    table = relations(big(labels=MOST_CELLS))[-1]
    assert len(table.rows) == MOST_CELLS // 4
    assert table.labels == MOST_CELLS
