"""Signals: one derived column a file, computed for an image or an annotation and then sliced."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from toolkit.model.signal import Signal
from toolkit.signals.box_area import box_area
from toolkit.signals.box_aspect import box_aspect
from toolkit.signals.box_center import box_x_center, box_y_center
from toolkit.signals.box_distance import box_distance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toolkit.model.dataset import AnnotatedDataset

SIGNALS: Final = {
    signal.name: signal
    for signal in (
        Signal(
            "box_area", box_area, "size of a box", "share of the image", "annotation_id", "boxes"
        ),
        Signal(
            "box_x_center",
            box_x_center,
            "position of a box from left to right",
            "share of the width",
            "annotation_id",
            "boxes",
        ),
        Signal(
            "box_y_center",
            box_y_center,
            "position of a box from top to bottom",
            "share of the height",
            "annotation_id",
            "boxes",
        ),
        Signal(
            "box_aspect",
            box_aspect,
            "width of a box ÷ its height, both as shares of the image",
            "ratio",
            "annotation_id",
            "boxes",
        ),
        Signal(
            "box_distance",
            box_distance,
            "distance of a box from the middle of the image",
            "share of a corner's distance",
            "annotation_id",
            "boxes",
        ),
    )
}


def derive(dataset: AnnotatedDataset, signals: Iterable[Signal]) -> AnnotatedDataset:
    """Return the dataset with each signal as a lazy column of its annotations.

    Where the source has a column of a signal's name, that column stays and the signal is left out.
    """
    if dataset.annotations is None or "x_min" not in dataset.annotations.columns:
        return dataset
    taken = dataset.annotations.columns
    wanted = [signal for signal in signals if signal.name not in taken]
    columns = {signal.name: signal.compute(dataset.annotations) for signal in wanted}
    annotations = dataset.annotations.mutate(**columns)
    names = (*dataset.annotation_signals, *columns)
    return replace(dataset, annotations=annotations, annotation_signals=names)
