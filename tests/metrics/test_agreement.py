"""Agreement of annotators, against other implementations and against what was planted."""

from dataclasses import replace

import ibis
import krippendorff
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

import toolkit as tk
from tests.datasets import GENDER, annotated
from toolkit.checks import RULES, Measured, judge
from toolkit.config import AuditConfig
from toolkit.errors import SettingsError, UnknownNameError
from toolkit.metrics._agreement import estimates
from toolkit.metrics._answers import Answers
from toolkit.metrics.agreement import agreement
from toolkit.model.attribute import Attribute
from toolkit.model.slices import Status
from toolkit.stats.agreement import COEFFICIENTS, Tally, nominal_alpha

ALPHA = "Krippendorff's alpha"
QUICK = AuditConfig.of({"agreement": {"resamples": 100}})


def answered(answers, **columns):
    """Return a dataset of one annotation an item, and what several annotators said of it.

    `answers` are by annotator: their answers about the gender of each item, None for none.
    """
    items = len(answers[0])
    rows = {"image_id": [f"i{i // 2}" for i in range(items)], "gender": ["F"] * items, **columns}
    said = pd.DataFrame(
        {
            "annotation_id": np.tile(np.arange(1, items + 1), len(answers)),
            "annotator": np.repeat([f"annotator {a}" for a in range(len(answers))], items),
            "gender": pd.Series([a for one in answers for a in one], dtype="str"),
        }
    )
    return replace(annotated(rows), answers=ibis.memtable(said))


def findings(dataset):
    """Return what the rule about groups that annotators agree less about finds, by age."""
    table = agreement(dataset, [("age",)], QUICK)
    measured = Measured(table.by_metric(), dataset.attributes, QUICK)
    return judge(measured, {"ANN041": RULES["ANN041"]})


def cells(table, metric="agreement.coefficient"):
    """Return the rows of one metric as series, by subject and slice."""
    frame = table.frame[table.frame["metric"] == metric]
    return {(row["subject"], row["slice"]): row for _, row in frame.iterrows()}


@pytest.fixture(scope="module")
def sampled(sample):
    """Return the agreement of the sample dataset's annotators, and their answers side by side."""
    dataset = tk.load(sample / "boxes.csv", answers=sample / "annotators.csv")
    by = [("gender_presentation",), ("age_presentation",)]
    written = pd.read_csv(sample / "annotators.csv").pivot_table(
        index="annotation_id", columns="annotator", aggfunc="first"
    )
    boxes = pd.read_csv(sample / "boxes.csv")
    return agreement(dataset, by, AuditConfig()), written, boxes


def test_the_coefficients_of_the_sample_are_those_of_other_packages(sampled):
    """Overall and in a group, by the answers as they are written in the file."""
    table, written, boxes = sampled
    found = cells(table)
    published = boxes["GenderPresentation"].iloc[written.index - 1].to_numpy()
    masculine = published == "Predominantly Masculine"
    name = "age_presentation"
    for where, chosen in (
        ("overall", slice(None)),
        ("gender_presentation=Predominantly Masculine", masculine),
    ):
        answers = written[name][chosen].to_numpy()
        codes = np.unique(answers, return_inverse=True)[1].reshape(answers.shape)
        counts = inter_rater.aggregate_raters(codes)[0]
        expected = {
            "raw agreement": (answers[:, 0] == answers[:, 1]).mean(),
            ALPHA: krippendorff.alpha(codes.T.astype(float), level_of_measurement="nominal"),
            "Cohen's kappa": cohen_kappa_score(*answers.T),
            "Fleiss' kappa": inter_rater.fleiss_kappa(counts),
        }
        for coefficient, value in expected.items():
            row = found[f"{name}: {coefficient}", where]
            assert row["value"] == pytest.approx(value, abs=1e-12)
            assert row["ci_low"] < value < row["ci_high"]
            assert row["n"] == len(answers)


def test_the_agreement_that_the_sample_was_made_with_is_inside_the_interval(sampled):
    """One answer of ten is drawn anew among four: two agree in 0.81 + 0.19 / 4 of the cases."""
    row = cells(sampled[0])["age_presentation: raw agreement", "overall"]
    assert row["ci_low"] < 0.81 + 0.19 / 4 < row["ci_high"]


def test_unknown_answers_are_a_category_and_left_out_in_a_row_of_its_own(sampled):
    """Without them, alpha is that of items for which both annotators knew an answer."""
    table, written, _boxes = sampled
    answers = written["gender_presentation"]
    known = answers[(answers != "Unknown").all(axis=1)].to_numpy()
    row = cells(table)[f"gender_presentation: {ALPHA}, known answers", "overall"]
    codes = np.unique(known, return_inverse=True)[1].reshape(known.shape)
    expected = krippendorff.alpha(codes.T.astype(float), level_of_measurement="nominal")
    assert row["value"] == pytest.approx(expected, abs=1e-12)
    assert row["n"] == len(known)


def test_groups_made_by_the_answer_are_compared_by_raw_agreement_alone(sampled):
    """Where hardly another answer is expected, no coefficient corrected for chance is compared."""
    gaps = cells(sampled[0], "agreement.gap")
    own = {s for s, where in gaps if s.startswith("age_pres") and where.startswith("age_pres")}
    assert own == {
        "age_presentation: raw agreement",
        "age_presentation: raw agreement, known answers",
    }
    assert (f"age_presentation: {ALPHA}", "gender_presentation=Unknown") in gaps


def test_the_order_of_rows_changes_no_digit(sample, tmp_path):
    """Answers shuffled, in a dataset read anew: the same table, bounds included."""
    shuffled = pd.read_csv(sample / "annotators.csv").sample(frac=1, random_state=4)
    shuffled.to_csv(tmp_path / "answers.csv", index=False)
    tables = [
        agreement(tk.load(sample / "boxes.csv", answers=path), [("age_presentation",)], QUICK)
        for path in (sample / "annotators.csv", tmp_path / "answers.csv")
    ]
    pd.testing.assert_frame_equal(*(table.frame for table in tables), check_exact=True)


def test_disagreement_that_was_planted_is_found_and_nothing_else():
    """Annotators guess about the old, half of the time, and agree about the young."""
    rng = np.random.default_rng(0)
    truth = rng.choice(["F", "M"], size=800)
    old = rng.random(800) < 0.5
    guess = [
        np.where(old & (rng.random(800) < 0.5), rng.choice(["F", "M"], 800), truth) for _ in "ab"
    ]
    ages = {"gender": truth, "age": np.where(old, "Old", "Young")}
    [finding] = findings(answered(guess, **ages))
    assert finding.slice == "age=Old"
    assert finding.severity.value == "warning"
    assert finding.ci_low < -0.375 < finding.ci_high
    assert finding.message.startswith("About perceived gender of Old (perceived age), two")
    assert not findings(answered([truth, truth], **ages))


def test_agreement_without_exception_is_not_called_certain():
    """Nothing varies when images are drawn again: no bounds but those of the raw agreement."""
    found = cells(agreement(answered([["F", "M"] * 20] * 2), [("gender",)], QUICK))
    raw, alpha = (found[f"gender: {c}", "overall"] for c in ("raw agreement", ALPHA))
    assert alpha["value"] == raw["value"] == 1
    assert np.isnan([alpha["ci_low"], alpha["ci_high"]]).all()
    assert 0.8 < raw["ci_low"] < raw["ci_high"] == 1


def test_one_answer_to_everything_is_undefined():
    """Without variation alpha and kappa are undefined, and a group without items is too."""
    found = cells(agreement(answered([["F"] * 40] * 2), [("gender",)], QUICK))
    assert found[f"gender: {ALPHA}", "overall"]["status"] == Status.UNDEFINED
    assert found["gender: raw agreement", "overall"]["status"] == Status.OK
    empty = found["gender: raw agreement", "gender=M"]
    assert (empty["n"], empty["status"]) == (0, Status.UNDEFINED)


@pytest.mark.parametrize(
    "answers",
    [[[None] * 4, [None] * 4], [[f"note {i}" for i in range(40)]] * 2],
    ids=["no answers", "free text"],
)
def test_what_is_no_choice_between_categories_has_no_number(answers):
    """Empty columns and remarks are named, once, as undefined."""
    [row] = cells(agreement(answered(answers), [("gender",)], QUICK)).values()
    assert (row["subject"], row["slice"]) == ("gender: raw agreement", "overall")
    assert row["status"] == Status.UNDEFINED


def test_many_annotators_have_no_agreement_of_two():
    """Of thirty annotators alpha is measured as ever, and Cohen's kappa is undefined."""
    rng = np.random.default_rng(2)
    answers = rng.choice(["F", "M", None], size=(30, 25), p=[0.1, 0.1, 0.8])
    found = cells(agreement(answered(answers.tolist()), [("gender",)], QUICK))
    codes = np.array([[{"F": 0, "M": 1}.get(a, np.nan) for a in one] for one in answers])
    expected = krippendorff.alpha(codes, level_of_measurement="nominal")
    assert found[f"gender: {ALPHA}", "overall"]["value"] == pytest.approx(expected, abs=1e-12)
    assert found["gender: Cohen's kappa", "overall"]["status"] == Status.UNDEFINED


def test_scales_are_those_that_the_settings_name():
    """Declared order gives the ordinal alpha, numbers the interval one; both of known answers."""
    answers = [["1", "2", "10", "10", "Unknown"], ["1", "10", "10", "2", "2"]]
    dataset = answered(answers, gender=["1"] * 5)
    scale = Attribute("gender", "annotations", ("1", "2", "10"), ("Unknown",), ordered=True)
    dataset = dataset.with_attributes({"gender": scale})
    config = AuditConfig.of({"agreement": {"interval": ["gender"], "resamples": 100}})
    found = cells(agreement(dataset, [("gender",)], config))
    numbers = np.array([[1, 2, 10, 10, np.nan], [1, 10, 10, 2, 2]])
    for level in ("ordinal", "interval"):
        row = found[f"gender: {ALPHA} ({level}), known answers", "overall"]
        expected = krippendorff.alpha(numbers, level_of_measurement=level)
        assert row["value"] == pytest.approx(expected, abs=1e-12)


def test_scales_that_cannot_be_are_refused():
    """An answer that is no number, and an attribute that nobody was asked for."""
    config = AuditConfig.of({"agreement": {"interval": ["gender"]}})
    with pytest.raises(SettingsError, match="'F'"):
        agreement(answered([["F", "M"]] * 2), [("gender",)], config)
    unknown = AuditConfig.of({"agreement": {"interval": ["gendre"]}})
    with pytest.raises(UnknownNameError, match="Did you mean 'gender'"):
        agreement(answered([["F", "M"]] * 2), [("gender",)], unknown)


def test_groups_that_the_protocol_never_asks_for_are_structural():
    """Nobody is asked about the young, who all are Unknown: no group to be compared with."""
    rng = np.random.default_rng(0)
    answers = rng.choice(["F", "M"], size=(2, 400))
    answers = np.where(np.arange(400) < 200, "Unknown", answers)
    dataset = answered(answers.tolist(), age=["Young"] * 200 + ["Old"] * 100 + [None] * 100)
    table = agreement(dataset, [("age",)], QUICK)
    found = cells(table)
    assert found["gender: raw agreement", "age=Young"]["status"] == Status.STRUCTURAL
    gaps = cells(table, "agreement.gap")
    assert ("gender: raw agreement", "age=Young") not in gaps
    old = found["gender: raw agreement", "age=Old"]["value"]
    rest = found["gender: raw agreement", "age=(missing)"]["value"]
    gap = gaps["gender: raw agreement", "age=Old"]["value"]
    assert gap == pytest.approx(old - rest, abs=1e-12)


def test_answers_about_images_are_sliced_by_attributes_of_images():
    """The items are images, also such as no table lists; attributes of boxes make no groups."""
    images = pd.DataFrame({"image_id": ["a", "b"], "place": ["room", "park"]})
    dataset = annotated(
        {"image_id": ["a", "b", "c"], "gender": ["F", "M", "F"]},
        (GENDER, Attribute("place", "images")),
        images=images,
    )
    said = {"image_id": ["a", "b", "c"] * 2, "annotator": ["1"] * 3 + ["2"] * 3}
    dataset = replace(
        dataset, answers=ibis.memtable({**said, "mood": ["x", "y", "y", "x", "y", "x"]})
    )
    found = cells(agreement(dataset, [("place",), ("gender",)], QUICK))
    raw = {where: row["value"] for (s, where), row in found.items() if s == "mood: raw agreement"}
    assert raw == {
        "overall": pytest.approx(2 / 3),
        "place=park": 1.0,
        "place=room": 1.0,
        "place=(missing)": 0.0,
    }
    assert {row["unit"] for row in found.values()} == {"image"}


def test_intervals_of_alpha_cover_it():
    """95% intervals cover the alpha of the population in 90 to 99 of 100 draws of 150 images.

    Each image has two items with the same answers in half of the cases, so that intervals that
    took the items for independent would be too narrow.
    """
    rng = np.random.default_rng(11)
    shares = np.array([[0.35, 0.05, 0.02], [0.05, 0.30, 0.03], [0.02, 0.03, 0.15]]).ravel()
    pairs = np.stack(np.divmod(np.arange(9), 3), axis=1)
    counts = np.stack([(pairs == c).sum(axis=1) for c in range(3)], axis=1)
    truth = nominal_alpha(Tally.of_items(counts).weighted(shares * 1e9))
    covered = 0
    for seed in range(100):
        first, second = (rng.choice(9, size=150, p=shares) for _ in range(2))
        second = np.where(rng.random(150) < 0.5, first, second)
        items = np.zeros((150, 9), dtype=int)
        for kinds in (first, second):
            items[np.arange(150), kinds] += 1
        answers = Answers(
            ("a", "b", "c"), np.ones(150, int), csr_array(items), np.zeros(9, int), counts, None
        )
        config = AuditConfig.of({"seed": seed, "agreement": {"resamples": 300}})
        chosen = {ALPHA: COEFFICIENTS[ALPHA]}
        found = estimates(answers, np.zeros(9, int), np.array([True]), chosen, config)
        covered += bool(found.agreement[ALPHA].low[0] < truth < found.agreement[ALPHA].high[0])
    assert 90 <= covered <= 99
