"""From an audit to a plan: that adding its images reaches what was aimed at."""

import json

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

import toolkit as tk
from tests.audits import record_of, shares_of
from tests.datasets import annotated
from toolkit.errors import SettingsError
from toolkit.model.attribute import Attribute
from toolkit.planning import Kind, State, plan, to_markdown
from toolkit.stats.intervals import wilson
from toolkit.wording.slices import terms

SHARES = "representation.share_of_known"
LABELS = ("Tree", "Kitchen")


def shares(counts, reference=0.5, unit="image", status="ok"):
    """Return an audit of the groups x, y, … of the attribute g."""
    n = sum(counts)
    of_known = {f"g={name}": (x, n) for name, x in zip("xyz", counts, strict=False)}
    frame = shares_of(SHARES, of_known, unit=unit, reference=reference, status=status)
    return frame.assign(n=list(counts))


def targets(made, kind):
    """Return the targets of a kind by their slice."""
    return made.targets[made.targets["kind"] == kind].set_index("slice")


def people(rows):
    """Return people, each alone on an image with a label."""
    frame = pd.DataFrame(rows, columns=["gender", "age", "thing"])
    frame["image_id"] = [f"i{i}" for i in range(len(frame))]
    labels = frame[["image_id", "thing"]].rename(columns={"thing": "label"})
    labels = labels.assign(confidence=1.0, source="verification")
    return annotated(frame.drop(columns="thing"), image_labels=labels)


def drawn():
    """Return people of uneven groups that go with uneven labels."""
    draw = np.random.default_rng(0)
    gender = draw.choice(["F", "M", "Unknown"], 600, p=[0.2, 0.7, 0.1])
    age = draw.choice(["Young", "Old"], 600, p=[0.85, 0.15])
    thing = np.where(draw.random(600) < np.where(gender == "F", 0.9, 0.4), *LABELS[::-1])
    return list(zip(gender, age, thing, strict=True))


def test_adding_the_planned_images_reaches_every_target():
    """The dataset with these images in it is audited again, and nothing is left to collect."""
    rows, by, tolerance = drawn(), ["gender", "age", ("gender", "age")], 0.9
    made = plan(tk.audit(people(rows), by=by), tolerance=tolerance)
    assert made.total == made.images["images"].sum() > 0
    for row in made.images.itertuples():
        values = dict(terms(row.group))
        rows += [(values["gender"], values["age"], row.label or "Sky")] * row.images
    after = tk.audit(people(rows), by=by)
    ratios = after.tables["representation.ratio"]
    assert (ratios["value"] >= tolerance - 1e-9).all()
    again = plan(after, tolerance=tolerance)
    reached = again.targets[again.targets["kind"].isin([Kind.SHARE, Kind.CLASS])]
    known = made.targets[["kind", "subject", "slice"]]
    assert (reached.merge(known)["state"] == State.MET).all()
    counts = again.targets[again.targets["kind"] == Kind.EVIDENCE].set_index("slice")["n"]
    assert (counts >= targets(made, Kind.EVIDENCE)["wanted"]).all()


def test_one_group_alone_needs_what_arithmetic_says():
    """20 of 100 want half: x more of them make (20 + x) / (100 + x) = 1/2, so 60."""
    made = plan(record_of(shares([20, 80])), tolerance=1, disparity=0.9)
    assert made.images.to_dict("records") == [
        {"group": "g=x", "label": "", "images": 60, "annotations": 60.0}
    ]
    assert targets(made, Kind.SHARE).loc["g=x", "images_alone"] == 60
    assert targets(made, Kind.SHARE).loc["g=x", "after"] == pytest.approx(0.5)


@pytest.mark.parametrize("design_effect", [1.0, 2.5])
@pytest.mark.parametrize(("rate", "disparity", "power"), [(0.5, 0.1, 0.8), (0.2, 0.05, 0.9)])
def test_the_units_for_evidence_are_those_of_statsmodels(design_effect, rate, disparity, power):
    """Times the design effect that is recovered from the interval of a rate of the group."""
    n = 1000
    low, high = wilson(0.3 * n / design_effect, n / design_effect)
    measured = shares_of("annotation.rate", {"g=x": (300, n)}, subject="flag")
    measured = measured.assign(ci_low=low, ci_high=high)
    audit = record_of(shares([n, 400], unit="annotation"), measured)
    made = plan(audit, rate=rate, disparity=disparity, power=power)
    found = targets(made, Kind.EVIDENCE).loc["g=x"]
    h = proportion_effectsize(rate, rate - disparity)
    needed = NormalIndPower().solve_power(h, alpha=0.05, power=power) * design_effect
    assert found["design_effect"] == pytest.approx(design_effect)
    assert needed <= found["wanted"] <= needed * 1.0001 + 1


def test_several_people_on_an_image_need_fewer_images():
    """Where an image of the group shows two, half as many images do."""
    sizes = shares_of("geometry.boxes_per_image", {"g=x": (50, 100)}, unit="image")
    audit = record_of(shares([20, 80], unit="annotation"), sizes.assign(value=2.0))
    (row,) = plan(audit, tolerance=1, disparity=0.9).images.itertuples()
    assert (row.images, row.annotations) == (30, 60)


def test_boxes_of_groups_count_as_in_the_shares():
    """Where they are kept out of the geometry, the row that keeps them in is taken."""
    means, by = {"": 1.5, "group boxes in": 2.0, "depiction boxes out": 1.0}, {"g=x": (50, 100)}
    sizes = pd.concat(
        shares_of("geometry.boxes_per_image", by, subject=subject, unit="image").assign(value=m)
        for subject, m in means.items()
    )
    (row,) = plan(
        record_of(shares([20, 80], unit="annotation"), sizes), tolerance=1, disparity=0.9
    ).images.itertuples()
    assert (row.images, row.annotations) == (30, 60)


def test_what_cannot_be_reached_is_said_and_why():
    """Impossible combinations and groups without a reference share have a sentence each."""
    frame = shares([20, 70, 10], [0.7, 0.3, 0.0], status=["ok", "ok", "ok"])
    never = shares([50], [0.0], status="structural").assign(slice="g=y & h=z", n=0)
    made = plan(record_of(frame, never))
    reasons = targets(made, Kind.SHARE)["reason"]
    assert reasons["g=z"] == "The reference gives this group no share."
    assert reasons["g=y & h=z"] == "The annotation protocol never gives these values together."
    assert not reasons["g=x"]
    assert "The reference gives this group no share: z (g)." in to_markdown(made)


def test_targets_that_contradict_each_other_are_left_out():
    """Two slicings whose references cannot both hold: one of their targets is named."""
    one = shares([50, 50], [0.7, 0.3])
    two = pd.concat([shares([50], [0.5]), shares([50], [0.5])]).assign(
        slice=["g=x & h=u", "g=y & h=u"]
    )
    made = plan(record_of(one, two.reset_index(drop=True)), tolerance=1)
    out = made.targets[made.targets["state"] == State.LEFT_OUT]
    assert set(out["reason"]) == {"It cannot be reached together with the other targets."}
    assert 1 <= len(out) <= 2


def test_the_order_of_rows_changes_nothing():
    """The tables of an audit turned upside down give the same plan."""
    frame = shares([20, 50, 130], [0.3, 0.3, 0.4])
    turned = frame.iloc[::-1].reset_index(drop=True)
    there, back = plan(record_of(frame)), plan(record_of(turned))
    assert there.total == back.total
    key = ["group", "label"]
    pd.testing.assert_frame_equal(
        there.images.sort_values(key, ignore_index=True),
        back.images.sort_values(key, ignore_index=True),
    )


def test_aims_come_from_the_settings_and_are_checked():
    """What is stated in audit.toml holds unless it is given; what is out of range is refused."""
    audit = record_of(shares([20, 80]), config={"planning": {"tolerance": 0.5, "power": 0.9}})
    made = plan(audit, power=0.7)
    assert (made.aims["tolerance"], made.aims["power"]) == (0.5, 0.7)
    with pytest.raises(SettingsError, match=r"planning\.tolerance"):
        plan(audit, tolerance=1.5)
    with pytest.raises(SettingsError, match="no group to plan for"):
        plan(record_of())


def test_labels_are_planned_for_only_where_asked():
    """Within each label the groups get their shares, unless classes are left out."""
    pairs = shares_of("association.observed", {"g=x": (5, 50), "g=y": (45, 50)}, subject="Tree")
    audit = record_of(shares([500, 500]), pairs.assign(n=[5, 45], unit="image"))
    with_labels, without = plan(audit, tolerance=1), plan(audit, tolerance=1, classes=False)
    assert targets(with_labels, Kind.CLASS).loc["g=x", "images_alone"] == 40
    assert (with_labels.images["label"] == "Tree").sum() >= 1
    assert targets(without, Kind.CLASS).empty
    assert without.total == 0
    assert "Nothing to collect" in to_markdown(without)


def test_hostile_names_reach_the_plan_unharmed():
    """A value with markup is escaped in Markdown and whole in strict JSON."""
    evil = '<script>alert("1")</script> & a=b|c'
    attribute = Attribute("g", "annotations", (evil, "y"))
    rows = {"image_id": [f"i{i}" for i in range(90)], "g": [evil] + ["y"] * 89}
    dataset = annotated(rows, [attribute])
    made = plan(tk.audit(dataset, by=["g"]))
    assert "\\<script\\>" in to_markdown(made)
    body = json.loads(made.to_json(), parse_constant=pytest.fail)
    assert [term[1] for term in terms(body["images"][0]["group"])] == [json.dumps(evil)]
