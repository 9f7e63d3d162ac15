"""Association: what is counted as a meeting of group and label."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from tests.datasets import GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.errors import TooManyValuesError
from toolkit.metrics.association import association
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset

BY = (("gender",),)


def labelled(labels: list[tuple[str, str | None, float]]) -> pd.DataFrame:
    """Return image labels with their confidence."""
    return pd.DataFrame(labels, columns=["image_id", "label", "confidence"])


def cell(dataset: AnnotatedDataset, metric: str, label: str, group: str) -> pd.Series:
    """Return the row of one pair of label and group."""
    table = association(dataset, BY, AuditConfig()).frame
    chosen = (table["metric"] == f"association.{metric}") & (table["subject"] == label)
    return table[chosen & (table["slice"] == group)].squeeze()


def test_only_images_with_a_known_value_and_a_label_count() -> None:
    """Two boxes of a group and two sources of a label are one image with both."""
    people = {
        "image_id": ["a", "a", "b", "c", "d", "e"],
        "gender": ["F", "F", "M", "Unknown", "F", "M"],
    }
    labels = labelled(
        [
            ("a", "Dog", 1.0),
            ("a", "Dog", 0.9),
            ("a", "Cat", 0.0),
            ("b", "Cat", 0.6),
            ("b", "Dog", 0.4),
            ("c", "Dog", 1.0),
            ("d", "Cat", 1.0),
            ("e", None, 1.0),
            ("z", "Dog", 1.0),
        ]
    )
    row = cell(annotated(people, [GENDER], image_labels=labels), "observed", "Dog", "gender=F")
    assert (row["n"], row["n_images"]) == (1, 3)
    assert row["reference"] == pytest.approx(2 * 1 / 3)


def test_a_pair_that_never_meets_has_npmi_minus_one_and_lift_zero() -> None:
    """Never together is the far end of the scale, not a missing value."""
    people = {"image_id": [f"i{i}" for i in range(40)], "gender": ["F", "M"] * 20}
    labels = labelled([(f"i{i}", "Dog" if i % 2 else "Cat", 1.0) for i in range(40)])
    dataset = annotated(people, [GENDER], image_labels=labels)
    assert cell(dataset, "npmi", "Dog", "gender=F")["value"] == -1
    assert cell(dataset, "lift", "Dog", "gender=F")["value"] == 0
    assert cell(dataset, "npmi", "Dog", "gender=M")["value"] == pytest.approx(1)
    assert cell(dataset, "lift", "Dog", "gender=F")["ci_high"] < 0.5


def test_p_values_are_those_of_a_chi_square_test() -> None:
    """With many images the test of independence is Pearson's with N-1 for N."""
    rng = np.random.default_rng(3)
    n = 800
    gender = rng.choice(["F", "M"], n)
    dog = rng.random(n) < np.where(gender == "F", 0.4, 0.3)
    people = {"image_id": [f"i{i}" for i in range(n)], "gender": gender}
    labels = labelled([(f"i{i}", "Dog" if d else "Cat", 1.0) for i, d in enumerate(dog)])
    row = cell(annotated(people, [GENDER], image_labels=labels), "lift", "Dog", "gender=F")
    table = pd.crosstab(gender, dog)
    chi2 = chi2_contingency(table, correction=False).statistic * (n - 1) / n
    from scipy.stats import chi2 as distribution

    assert row["p_value"] == pytest.approx(distribution.sf(chi2, 1), rel=1e-9)


def test_boxes_are_labels_where_there_is_more_than_one_and_are_told_apart() -> None:
    """A dataset of persons alone has no box labels to associate."""
    people = {"image_id": list("aabb"), "gender": ["F", None, "M", None]}
    alone = annotated(people, [GENDER])
    assert association(alone, BY, AuditConfig()).frame.empty
    mixed = annotated(people | {"label": ["Person", "Dog", "Person", "Cat"]}, [GENDER])
    assert set(association(mixed, BY, AuditConfig()).frame["subject"]) == {"Cat", "Dog", "Person"}
    labels = labelled([("a", "Dog", 1.0), ("b", "Cat", 1.0)])
    both = annotated(
        people | {"label": ["Person", "Dog", "Person", "Cat"]}, [GENDER], image_labels=labels
    )
    assert set(association(both, BY, AuditConfig()).frame["subject"]) == {
        "Cat",
        "Dog",
        "Cat (box)",
        "Dog (box)",
        "Person (box)",
    }


def test_too_many_groups_are_refused() -> None:
    """An attribute with a value for each image is no grouping."""
    name = Attribute("name", "annotations")
    ids = [f"i{i}" for i in range(600)]
    dataset = annotated(
        {"image_id": ids, "name": ids},
        [name],
        image_labels=labelled([(i, label, 1.0) for i in ids for label in ("Dog", "Cat")]),
    )
    with pytest.raises(TooManyValuesError, match="600"):
        association(dataset, [("name",)], AuditConfig())


@pytest.mark.parametrize("name", ["image", "total", "key_0", "image_label"])
def test_an_attribute_may_have_any_name(name: str) -> None:
    """Names of our own columns are not taken from the user."""
    people = {"image_id": list("abcd"), name: ["F", "F", "M", "M"]}
    labels = labelled([(i, label, 1.0) for i in "abcd" for label in ("Dog", "Cat")])
    dataset = annotated(people, [Attribute(name, "annotations")], image_labels=labels)
    table = association(dataset, [(name,)], AuditConfig()).frame
    assert set(table["slice"]) == {f"{name}=F", f"{name}=M"}
