"""Further measures of how two features go together, each one function of three shares.

They are those of Aka et al. (AIES 2021) and of SynapseML's balance measures, each named by what it
is. With x the group, y the label and shares of the images:

* Aka et al. print half of the Sørensen-Dice coefficient; here it is the whole.
* `krc` is what they print as Kendall's rank correlation. It is not 0 for unrelated features;
  `kendall_tau_b` is the coefficient itself, for two features the phi coefficient.
* SynapseML's `n_pmi_y` and `n_pmi_xy` are ln p(y|x) over ln p(y) and over ln p(x, y), no PMI;
  here both norm the PMI. What it calls `s_pmi` is `pmi2`.

The functions are analytic, so that a step into the complex plane gives their derivatives to the
last digit (Squire and Trapp 1998): no derivative is written down, and none can be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from toolkit.stats.arrays import Floats, divide
from toolkit.stats.association import cell_interval, counts, guarded, multinomial_se
from toolkit.stats.intervals import Interval, z_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

STEP: Final = 1e-200
"""So small that its square is nothing beside any share: the derivative has no error of its own."""


@dataclass(frozen=True)
class Form:
    """A measure as a function of the shares of images.

    Attributes:
        of: From p(x, y), p(x), p(y) and the number of images to the value. It rises with the
            first.
        low: The least value it can take, and `high` the greatest.
        high: See `low`.
        says: What it is, in a few words.
        never: The value of features that exist and never meet, where `of` cannot say.
        by_score: Whether its interval is always the score interval of the cell.
    """

    of: Callable[[Any, Any, Any, Any], Any]
    low: float
    high: float
    says: str
    never: float | None = None
    by_score: bool = False


def odds(xy: Any, x: Any, y: Any, _: Any) -> Any:
    """Return p(x,y) p(neither) / (p(x only) p(y only))."""
    return xy * (1 - x - y + xy) / ((x - xy) * (y - xy))


def tau_b(xy: Any, x: Any, y: Any, _: Any) -> Any:
    """Return Kendall's tau-b of two yes-or-no features, which is their phi coefficient."""
    return (xy - x * y) / np.sqrt(x * (1 - x) * y * (1 - y))


def krc(xy: Any, x: Any, y: Any, n: Any) -> Any:
    """Return what Aka et al. (2021, table 1) give as Kendall's rank correlation."""
    pairs = 1 - 2 * x - 2 * y + 2 * xy + 2 * x * y + (2 * x + 2 * y - 4 * xy - 1) / n
    return pairs / np.sqrt(x * (1 - x) * y * (1 - y))


INFINITE: Final = np.inf
FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "pmi": Form(
            lambda xy, x, y, _: np.log(xy / (x * y)),
            -INFINITE,
            INFINITE,
            "pointwise mutual information, ln p(x,y)/(p(x)p(y))",
        ),
        "pmi2": Form(
            lambda xy, x, y, _: np.log(xy * xy / (x * y)),
            -INFINITE,
            0.0,
            "squared PMI, ln p(x,y)²/(p(x)p(y))",
        ),
        "npmi": Form(
            lambda xy, x, y, _: -np.log(xy / (x * y)) / np.log(xy),
            -1.0,
            1.0,
            "PMI / -ln p(x,y)",
            never=-1.0,
        ),
        "npmi_y": Form(
            lambda xy, x, y, _: -np.log(xy / (x * y)) / np.log(y),
            -INFINITE,
            INFINITE,
            "PMI / -ln p(y)",
        ),
        "demographic_parity": Form(
            lambda xy, x, _, __: xy / x, 0.0, 1.0, "part of the group with the label, p(y|x)"
        ),
        "sorensen_dice": Form(
            lambda xy, x, y, _: 2 * xy / (x + y),
            0.0,
            1.0,
            "Sørensen-Dice coefficient, 2p(x,y)/(p(x)+p(y))",
        ),
        "jaccard": Form(
            lambda xy, x, y, _: xy / (x + y - xy),
            0.0,
            1.0,
            "Jaccard index, both / either",
        ),
        "log_likelihood": Form(
            lambda xy, _, y, __: np.log(xy / y),
            -INFINITE,
            0.0,
            "ln p(x|y); a gap is a log-likelihood ratio",
        ),
        "kendall_tau_b": Form(tau_b, -1.0, 1.0, "Kendall's tau-b, here the phi coefficient"),
        "krc": Form(
            krc, -INFINITE, INFINITE, "the rank correlation of Aka et al., not 0 by chance"
        ),
        "t_test": Form(
            lambda xy, x, y, _: (xy - x * y) / np.sqrt(x * y),
            -1.0,
            1.0,
            "(p(x,y)-p(x)p(y)) / √(p(x)p(y))",
        ),
        "odds_ratio": Form(odds, 0.0, INFINITE, "odds ratio, with score interval", by_score=True),
    }
)
"""The measures by name."""


@np.errstate(divide="ignore", invalid="ignore")
def form_value(
    form: Form, observed: ArrayLike, row_total: ArrayLike, column_total: ArrayLike, n: ArrayLike
) -> Floats:
    """Return the measure of each cell of counts.

    Returns:
        NaN where a feature never occurs, and where the measure is 0/0; infinite where it is.
    """
    x, row, column, total = counts(observed, row_total, column_total, n)
    value = form.of(divide(x, total), divide(row, total), divide(column, total), total)
    value = np.clip(value, form.low, form.high)
    if form.never is not None:
        value = np.where(x == 0, form.never, value)
    return np.where((row > 0) & (column > 0), value, np.nan)


@np.errstate(divide="ignore", invalid="ignore")
def unrelated(form: Form, row_total: ArrayLike, column_total: ArrayLike, n: ArrayLike) -> Floats:
    """Return the measure that features with these counts would have if they were unrelated."""
    row, column, total = (
        np.asarray(part, dtype=np.float64) for part in (row_total, column_total, n)
    )
    x, y = divide(row, total), divide(column, total)
    value = np.clip(form.of(x * y, x, y, total), form.low, form.high)
    return np.where((x > 0) & (y > 0), value, np.nan)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def slopes(
    form: Form, observed: ArrayLike, row_total: ArrayLike, column_total: ArrayLike, n: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the derivatives by p(x, y), p(x) and p(y); NaN where nothing was observed."""
    x, row, column, total = counts(observed, row_total, column_total, n)
    point = [divide(part, total) for part in (x, row, column)]

    def slope(i: int) -> Floats:
        stepped = [share + 1j * STEP * (i == j) for j, share in enumerate(point)]
        value = form.of(stepped[0], stepped[1], stepped[2], total)
        return np.where(x > 0, np.imag(value) / STEP, np.nan)

    return slope(0), slope(1), slope(2)


@np.errstate(invalid="ignore", over="ignore")
def form_se(
    form: Form, observed: ArrayLike, row_total: ArrayLike, column_total: ArrayLike, n: ArrayLike
) -> Floats:
    """Return the standard error of a measure by the delta method, over independent images."""
    x, row, column, total = counts(observed, row_total, column_total, n)
    both, of_row, of_column = slopes(form, x, row, column, total)
    return multinomial_se(x, row, column, total, (both + of_row + of_column, of_row, of_column))


@np.errstate(invalid="ignore")
def form_interval(
    form: Form,
    observed: ArrayLike,
    row_total: ArrayLike,
    column_total: ArrayLike,
    n: ArrayLike,
    confidence: float = 0.95,
) -> Interval:
    """Return the interval of a measure: delta method, score interval if few were observed.

    Returns:
        Bounds in the range of the measure, for few images those of `guarded`; those of
        `cell_interval` always for the odds ratio (Cornfield 1956). NaN where the measure is.
    """
    cell = counts(observed, row_total, column_total, n)
    measure = partial(form_value, form)
    if form.by_score:
        low, high = cell_interval(*cell, confidence)
        return Interval(measure(low, *cell[1:]), measure(high, *cell[1:]))
    value, half = measure(*cell), z_value(confidence) * form_se(form, *cell)
    ends = np.maximum(value - half, form.low), np.minimum(value + half, form.high)
    return guarded(ends, measure, cell, confidence)
