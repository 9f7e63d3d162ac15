"""Boxes matched by IoU, against pycocotools, brute force and a plain loop."""

from itertools import permutations

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask

from toolkit import matching
from toolkit.config import MatchingConfig
from toolkit.matching import (
    Boxes,
    Pairs,
    box_rows,
    boxes_of,
    candidates,
    found,
    greedy,
    ious,
    matched,
    optimal,
    whole_images,
)

WHOLE = (0.0, 0.0, 1.0, 1.0)


def boxes(corners, image=None, label=None, group=None):
    """Return boxes, by default all of one image and one label, and none of a group."""
    n = len(corners)
    return Boxes(
        np.zeros(n, int) if image is None else np.array(image),
        np.array(corners, dtype=float).reshape(n, 4),
        np.zeros(n, int) if label is None else np.array(label),
        np.zeros(n, bool) if group is None else np.array(group),
    )


@st.composite
def drawn(draw, most=6):
    """Draw boxes on a coarse grid, so that ties and boxes without area are frequent."""
    corner = st.tuples(*[st.integers(0, 4)] * 4)
    found_corners = draw(st.lists(corner, max_size=most))
    ordered = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in found_corners]
    return boxes(np.array(ordered) / 4)


def random_boxes(rng, images, most):
    """Return up to `most` boxes on each of some images, some near to others."""
    image = np.repeat(np.arange(images), rng.integers(0, most, size=images))
    corner = rng.random((len(image), 2)) * 0.5
    return boxes(np.hstack([corner, corner + 0.2 + 0.3 * rng.random(corner.shape)]), image)


@given(drawn(), drawn())
def test_ious_equal_those_of_pycocotools(first, second):
    """For every pair; of boxes without area, for which COCO divides by 0, it is 0."""
    i, j = np.indices((len(first), len(second))).reshape(2, -1)
    ours = ious(first.corners[i], second.corners[j])
    sides = [
        np.hstack([b.corners[:, :2], b.corners[:, 2:] - b.corners[:, :2]]) for b in (first, second)
    ]
    with np.errstate(invalid="ignore"):
        theirs = np.array(mask.iou(sides[0], sides[1], np.zeros(len(second)))) if len(i) else []
    assert ours == pytest.approx(np.nan_to_num(np.ravel(theirs)), abs=1e-12)


def plain_greedy(first, second, least):
    """Take the best pair of each image, strike both out, and go on; without numpy."""
    pairs = [
        (-float(ious(first.corners[[i]], second.corners[[j]])[0]), i, j)
        for i in range(len(first))
        for j in range(len(second))
        if first.image[i] == second.image[j]
    ]
    taken = {}
    for minus_iou, i, j in sorted(pairs):
        if -minus_iou >= least and i not in taken and j not in taken.values():
            taken[i] = j
    return taken


@pytest.mark.parametrize("seed", range(5))
def test_greedy_is_the_plain_loop(seed):
    """All images at once give what a loop over sorted pairs gives."""
    rng = np.random.default_rng(seed)
    first, second = random_boxes(rng, 30, 7), random_boxes(rng, 30, 7)
    pairs = greedy(candidates(first, second, 0.3))
    assert dict(zip(pairs.first, pairs.second, strict=True)) == plain_greedy(first, second, 0.3)


@given(drawn(4), drawn(4))
def test_optimal_has_the_largest_total(first, second):
    """No one-to-one choice of pairs has a larger IoU in total than the optimal one."""
    pairs = candidates(first, second, 0.25)
    iou = np.zeros((max(len(first), 4), max(len(second), 4)))
    iou[pairs.first, pairs.second] = pairs.iou
    best = max(sum(iou[i, j] for i, j in enumerate(p)) for p in permutations(range(len(iou))))
    chosen = optimal(pairs)
    assert chosen.iou.sum() == pytest.approx(best, abs=1e-12)
    assert len(set(chosen.first)) == len(set(chosen.second)) == len(chosen.first)


def test_greedy_and_optimal_differ_where_the_best_pair_is_in_the_way():
    """Greedy takes the one best pair, optimal the two that are better together."""
    pairs = Pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.8, 0.8]))
    assert list(greedy(pairs).second) == [0]
    assert list(optimal(pairs).second) == [1, 0]


def test_scores_decide_who_chooses_first():
    """The detection with the highest score takes its best box, as in COCO's evaluation."""
    pairs = Pairs(np.array([0, 1]), np.array([0, 0]), np.array([0.9, 0.6]))
    assert list(greedy(pairs).first) == [0]
    assert list(greedy(pairs, np.array([0.1, 0.7])).first) == [1]


def test_labels_keep_boxes_apart_if_asked():
    """The same place under another label is a match only where labels are not respected."""
    first, second = boxes([WHOLE], label=[1]), boxes([WHOLE], label=[2])
    assert len(matched(first, second, MatchingConfig()).first) == 1
    assert len(matched(first, second, MatchingConfig(labels=True)).first) == 0


def test_group_boxes_are_treated_by_policy():
    """Two people in a group box of the second annotation, which itself matches nobody."""
    people = boxes([(0, 0, 0.2, 1), (0.3, 0, 0.5, 1), (0.9, 0, 1, 1)])
    crowd = boxes([(0, 0, 0.6, 1)], group=[True])

    def has(first, second, policy):
        return found(first, second, MatchingConfig(), [policy])[policy].tolist()

    assert has(people, crowd, "alike") == [False, False, False]
    assert has(people, crowd, "covering") == [True, True, False]
    assert has(crowd, people, "covering") == [True]
    assert has(crowd, crowd, "alike") == [True]
    assert has(crowd, crowd, "ignored") == [False]


def test_pairs_are_compared_a_few_at_a_time(monkeypatch):
    """How many pairs are held at once changes nothing."""
    rng = np.random.default_rng(9)
    first, second = random_boxes(rng, 20, 8), random_boxes(rng, 20, 8)
    whole = candidates(first, second, 0.2)
    monkeypatch.setattr(matching, "MOST_PAIRS", 3)
    parts = candidates(first, second, 0.2)
    assert [list(parts.first), list(parts.second)] == [list(whole.first), list(whole.second)]


def test_batches_hold_whole_images_in_an_order_of_their_content(monkeypatch):
    """Shuffled rows come in the same order within each image, and no image is cut."""
    monkeypatch.setattr(matching, "BATCH", 5)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 3, size=(40, 4)) / 4, columns=["x_min", "y_min", "w", "h"])
    frame = frame.assign(
        image_id=[f"image {i}" for i in rng.integers(0, 9, size=40)],
        x_max=frame["x_min"] + frame["w"],
        y_max=frame["y_min"] + frame["h"],
        label="Person",
        kind=[f"kind {i}" for i in range(40)],
    )
    orders = []
    for rows in (frame, frame.sample(frac=1, random_state=1)):
        table = box_rows(ibis.memtable(rows), ["kind"], ties=["kind"])
        batches = [batch.to_pandas() for batch in whole_images(table)]
        assert len(batches) > 1
        together = pd.concat(batches)
        assert together["image"].is_monotonic_increasing
        assert together.groupby("image")["image_id"].nunique().eq(1).all()
        orders.append({i: list(part["kind"]) for i, part in together.groupby("image_id")})
    assert orders[0] == orders[1]
    assert sum(map(len, orders[0].values())) == 40


def test_rows_without_a_box_or_a_flag_are_taken_as_they_are():
    """A row without a box is left out, and a flag that is not known is none."""
    frame = pd.DataFrame({"image_id": ["a", "a"], "x_min": [0.1, None], "label": [None, "x"]})
    frame = frame.assign(y_min=0.1, x_max=0.3, y_max=0.4, is_group_of=pd.Series([None, True]))
    [batch] = whole_images(box_rows(ibis.memtable(frame), []))
    one = boxes_of(batch)
    assert len(one) == 1
    assert one.group.tolist() == [False]
    assert one.label.tolist() == [-1]
