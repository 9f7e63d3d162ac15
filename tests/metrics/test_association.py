"""Association: what is counted as a meeting of group and label."""

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, contingency

from tests.datasets import AGE, GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.errors import TooManyValuesError
from toolkit.metrics.association import association
from toolkit.model.attribute import Attribute
from toolkit.model.dataset import AnnotatedDataset, Sampling

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
    observed = association(mixed, BY, AuditConfig()).by_metric()["association.observed"]
    assert set(observed["subject"]) == {"Cat", "Dog", "Person"}
    labels = labelled([("a", "Dog", 1.0), ("b", "Cat", 1.0)])
    both = annotated(
        people | {"label": ["Person", "Dog", "Person", "Cat"]}, [GENDER], image_labels=labels
    )
    observed = association(both, BY, AuditConfig()).by_metric()["association.observed"]
    assert set(observed["subject"]) == {
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


def scenes(n: int = 400, seed: int = 7) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one or two people on each of n images, and labels of which Dog goes with F."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame({"image_id": [f"i{i}" for i in range(n)] * 2})
    people["gender"] = rng.choice(["F", "M", "Unknown"], 2 * n, p=[0.4, 0.4, 0.2])
    people = people[(people.index < n) | (rng.random(2 * n) < 0.4)].reset_index(drop=True)
    older = rng.random(len(people)) < np.where(people["gender"] == "F", 0.2, 0.5)
    people["age"] = np.where(older, "Old", "Young")
    people["is_occluded"] = rng.random(len(people)) < 0.3
    has_f = set(people.loc[people["gender"] == "F", "image_id"])
    rows = [
        (f"i{i}", label, 1.0)
        for i in range(n)
        for label, share in (("Dog", 0.5 if f"i{i}" in has_f else 0.2), ("Cat", 0.3), ("Sky", 0.9))
        if rng.random() < share
    ]
    return people, labelled(rows)


def measured(
    dataset: AnnotatedDataset, by: object = BY, **settings: object
) -> dict[str, pd.DataFrame]:
    """Return the tables of the family by name."""
    config = AuditConfig.of({"association": settings})
    return association(dataset, by, config).by_metric()  # type: ignore[arg-type]


def test_a_gap_is_the_difference_of_two_cells_with_the_fewer_images() -> None:
    """F against M, for every label, from images some of which show both."""
    people, labels = scenes()
    tables = measured(annotated(people, [GENDER], image_labels=labels))
    npmi = tables["association.npmi"].set_index(["subject", "slice"])
    gaps = tables["association.gap"].set_index("subject")
    for label in ("Cat", "Dog", "Sky"):
        row = gaps.loc[f"{label}: npmi against gender=M"]
        one, other = (npmi.loc[label, f"gender={value}"] for value in "FM")
        assert row["value"] == pytest.approx(one["value"] - other["value"])
        assert (row["slice"], row["n"]) == ("gender=F", min(one["n"], other["n"]))
        assert row["ci_low"] < row["value"] < row["ci_high"]
    assert gaps.loc["Dog: npmi against gender=M", "q_value"] < 0.001
    assert gaps.loc["Cat: npmi against gender=M", "q_value"] > 0.05


def test_gaps_between_many_groups_are_measured_on_request_alone() -> None:
    """Six groups have fifteen pairs: too many for every audit."""
    people = {"image_id": [f"i{i}" for i in range(60)], "gender": list("abcdef") * 10}
    labels = labelled([(f"i{i}", "Dog" if i % 4 else "Cat", 1.0) for i in range(60)])
    dataset = annotated(people, [Attribute("gender", "annotations")], image_labels=labels)
    assert "association.gap" not in measured(dataset)
    asked = measured(dataset, most_compared=6, gaps=["npmi", "demographic_parity"])
    assert len(asked["association.gap"]) == 2 * 15 * 2


def test_further_measures_are_rows_of_one_table() -> None:
    """Each with its reference, in the same order as the others."""
    people, labels = scenes()
    dataset = annotated(people, [GENDER], image_labels=labels)
    table = measured(dataset, measures=["jaccard", "odds_ratio"])["association.measure"]
    assert set(table["subject"]) == {
        f"{label}: {name}" for label in ("Dog", "Cat", "Sky") for name in ("jaccard", "odds_ratio")
    }
    dog = table[(table["subject"] == "Dog: odds_ratio") & (table["slice"] == "gender=F")].squeeze()
    assert dog["reference"] == pytest.approx(1)
    assert dog["ci_low"] > 1


def test_attributes_are_held_against_each_other_box_by_box() -> None:
    """With one box an image, V and p-value are those of scipy's table of boxes."""
    people, _ = scenes()
    alone = people.drop_duplicates("image_id")
    tables = measured(annotated(alone, [GENDER, AGE]), (("gender", "age"),))
    known = alone[alone["gender"] != "Unknown"]
    table = pd.crosstab(known["gender"], known["age"])
    whole = tables["association.table"].set_index("subject")
    theirs = chi2_contingency(table, correction=False)
    chi_square = whole.loc["gender & age: chi-square"]
    # The design effect of single boxes is 1 but for what sampling makes of it.
    assert chi_square["value"] == pytest.approx(theirs.statistic, rel=0.02)
    assert whole.loc["gender & age: Cramér's V", "value"] == pytest.approx(cramer(table), abs=0.02)
    cells = tables["association.attributes"]
    lift = cells[(cells["subject"] == "lift") & (cells["slice"] == "gender=F & age=Old")].squeeze()
    expected = table.loc["F"].sum() * table["Old"].sum() / table.to_numpy().sum()
    assert lift["value"] == pytest.approx(table.loc["F", "Old"] / expected)
    assert (lift["unit"], lift["n"]) == ("annotation", table.loc["F", "Old"])


def cramer(table: pd.DataFrame) -> float:
    """Return scipy's Cramér's V."""
    return float(contingency.association(table.to_numpy()))


def test_copying_boxes_proves_nothing_and_copying_images_does() -> None:
    """Five equal boxes on an image leave the p-value as it was; five equal images lower it."""
    people, _ = scenes(200)
    alone = people.drop_duplicates("image_id")
    boxes = pd.concat([alone] * 5)
    images = pd.concat([alone.assign(image_id=alone["image_id"] + str(i)) for i in range(5)])
    p_values = [
        measured(annotated(rows, [GENDER, AGE]), (("gender", "age"),))["association.attributes"]
        .set_index(["subject", "slice"])
        .loc[("lift", "gender=F & age=Old"), "p_value"]
        for rows in (alone, boxes, images)
    ]
    assert p_values[1] == pytest.approx(p_values[0], rel=0.2)
    assert p_values[2] < p_values[0] ** 3


def test_what_the_protocol_rules_out_is_structural_and_no_association() -> None:
    """Nobody is asked for the gender of 300 young people: Young is no row of the table."""
    people, _ = scenes(1000)
    people["age"] = np.where(
        people.index % 2 == 0, "Young", people["age"].replace("Young", "Middle")
    )
    people.loc[people["age"] == "Young", "gender"] = "Unknown"
    tables = measured(annotated(people, [GENDER, AGE]), (("gender", "age"),))
    cells = tables["association.attributes"]
    structural = cells[cells["status"] == "structural"]
    assert set(structural["slice"]) == {f"gender={value} & age=Young" for value in "FM"}
    assert structural["value"].isna().all()
    others = cells[cells["status"] != "structural"]
    assert not others["slice"].str.contains("Young").any()
    v = tables["association.table"].set_index("subject").loc["gender & age: Cramér's V"]
    assert v["n"] == ((people["age"] != "Young") & (people["gender"] != "Unknown")).sum()


def test_labels_and_flags_of_boxes_are_held_against_groups_on_request() -> None:
    """The box's own label and its flags are attributes like others."""
    people, _ = scenes()
    people["label"] = np.where(people["gender"] == "F", "Woman", "Person")
    label = Attribute("label", "annotations")
    dataset = annotated(people, [GENDER, label])
    assert "association.attributes" not in measured(dataset)
    tables = measured(dataset, attributes=["label", "is_occluded"])
    v = tables["association.table"].set_index("subject")["value"]
    assert v["gender & label: Cramér's V"] == pytest.approx(1, abs=0.01)
    assert v["gender & is_occluded: Cramér's V"] < 0.1


def test_all_labels_are_tested_together_on_request() -> None:
    """Dog goes with F, so labels and gender are not independent; shuffled they are."""
    people, labels = scenes(1000)
    shuffled = people.assign(gender=people["gender"].sample(frac=1, random_state=1).to_numpy())
    for rows, related in ((people, True), (shuffled, False)):
        dataset = annotated(rows, [GENDER], image_labels=labels)
        table = measured(dataset, label_tables=True)["association.table"].set_index("subject")
        p_value = table.loc["gender & all labels: chi-square", "p_value"]
        assert (p_value < 1e-3) if related else (p_value > 0.01)


def test_images_of_one_photographer_are_less_evidence() -> None:
    """Twenty photographers who took every image in twenty copies: the p-value is that of one."""
    people, labels = scenes(100)
    copies = range(5)
    rows = pd.concat([people.assign(image_id=people["image_id"] + f"-{i}") for i in copies])
    has = pd.concat([labels.assign(image_id=labels["image_id"] + f"-{i}") for i in copies])
    images = pd.DataFrame({"image_id": sorted(set(rows["image_id"]))})
    images["photographer"] = images["image_id"].str.partition("-")[0]
    dataset = annotated(rows, [GENDER], images=images, image_labels=has)
    clustered = replace(dataset, sampling=Sampling("photographer"))
    p = [
        cell(one, "lift", "Dog", "gender=F")["p_value"]
        for one in (annotated(people, [GENDER], image_labels=labels), dataset, clustered)
    ]
    assert p[1] < p[0] ** 3
    assert p[2] == pytest.approx(p[0], rel=0.35)
    wide, narrow = (measured(one)["association.gap"].iloc[0] for one in (clustered, dataset))
    assert wide["ci_high"] - wide["ci_low"] > 1.8 * (narrow["ci_high"] - narrow["ci_low"])


def test_weights_count_an_image_as_often_as_it_stands_for() -> None:
    """An image of weight 3 gives the lift of three images, and n stays what was seen."""
    people, labels = scenes(100)
    times = {f"i{i}": 1 + 2 * (i % 2) for i in range(100)}
    copied = [
        pd.concat(
            [
                f[f["image_id"].map(times) > i].assign(
                    image_id=lambda g, i=i: g["image_id"] + f"-{i}"
                )
                for i in range(3)
            ]
        )
        for f in (people, labels)
    ]
    images = pd.DataFrame({"image_id": list(times), "w": [float(t) for t in times.values()]})
    weighted = annotated(people, [GENDER], images=images, image_labels=labels)
    row = cell(replace(weighted, sampling=Sampling(weights="w")), "lift", "Dog", "gender=F")
    expected = cell(
        annotated(copied[0], [GENDER], image_labels=copied[1]), "lift", "Dog", "gender=F"
    )
    assert row["value"] == pytest.approx(expected["value"])
    assert row["n"] == cell(weighted, "lift", "Dog", "gender=F")["n"]


def test_the_order_of_rows_changes_no_digit() -> None:
    """Boxes and labels in another order give the same tables to the last bit."""
    people, labels = scenes()
    by = (("gender",), ("gender", "age"))
    first = association(annotated(people, image_labels=labels), by, AuditConfig()).frame
    turned = annotated(people[::-1], image_labels=labels.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(
        first, association(turned, by, AuditConfig()).frame, check_exact=True
    )


def test_a_dataset_without_people_or_labels_has_no_tables() -> None:
    """Nothing to associate is no error."""
    nobody = {"image_id": ["a", "b"], "gender": ["Unknown", None]}
    labels = labelled([("a", "Dog", 1.0), ("b", "Cat", 1.0)])
    assert association(
        annotated(nobody, [GENDER], image_labels=labels), BY, AuditConfig()
    ).frame.empty
    assert association(
        annotated(nobody | {"age": ["Old", None]}), (("gender", "age"),), AuditConfig()
    ).frame.empty


def test_words_of_captions_are_labels_of_their_images() -> None:
    """A word that is said of every F and of no M goes with F, however often it is said."""
    people = {"image_id": [f"i{i}" for i in range(60)], "gender": ["F", "M"] * 30}
    texts = ["A kitchen, a kitchen with a table." if i % 2 == 0 else "A table." for i in range(60)]
    captions = pd.DataFrame({"image_id": people["image_id"], "text": texts})
    captions["caption_id"] = range(60)
    dataset = replace(annotated(people, [GENDER]), captions=ibis.memtable(captions))
    row = cell(dataset, "observed", "kitchen (word)", "gender=F")
    assert (row["n"], row["n_images"], row["reference"]) == (30, 60, 15)
