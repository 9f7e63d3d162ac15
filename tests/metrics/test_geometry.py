"""Geometry: sizes, shapes and positions of boxes, and which marked boxes count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

import toolkit as tk
from tests.datasets import GENDER, annotated
from toolkit.config import AuditConfig
from toolkit.metrics.geometry import geometry
from toolkit.model.dataset import AnnotatedDataset, Sampling
from toolkit.signals import SIGNALS, derive

IN = {"group_boxes": "in"}
MIAP = "miap_val/open_images_extended_miap_boxes_val.csv"
GENDERS = [("gender_presentation",)]


def crowd(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """Return boxes of a few people an image, feminine ones smaller, some marked."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, n // 4, n)
    gender = rng.choice(["F", "M", "Unknown"], n)
    size = (0.2 + 0.3 * rng.random(n)) * np.where(gender == "F", 0.6, 1.0)
    left, top = rng.random(n) * 0.5, rng.random(n) * 0.4
    return pd.DataFrame(
        {
            "image_id": [f"i{i}" for i in image],
            "gender": gender,
            "x_min": left,
            "y_min": top,
            "x_max": left + size,
            "y_max": top + size * (0.6 + 0.6 * rng.random(n)),
            "is_group_of": rng.random(n) < 0.2,
            "is_depiction_of": rng.random(n) < 0.1,
        }
    )


def measured(dataset: AnnotatedDataset, **policy: str) -> pd.DataFrame:
    """Return the geometry by gender."""
    return geometry(dataset, [("gender",)], AuditConfig.of({"geometry": policy})).frame


def row(table: pd.DataFrame, metric: str, subject: str, group: str) -> pd.Series:
    """Return the one row of a metric, a subject and a slice."""
    chosen = (table["metric"] == f"geometry.{metric}") & (table["subject"] == subject)
    (found,) = [r for _, r in table[chosen & (table["slice"] == group)].iterrows()]
    return found


def columns(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the numbers of each box by the subject under which they are averaged."""
    width, height = frame["x_max"] - frame["x_min"], frame["y_max"] - frame["y_min"]
    x, y = frame["x_min"] + width / 2, frame["y_min"] + height / 2
    return {
        "box_area": width * height,
        "box_x_center": x,
        "box_y_center": y,
        "box_distance": np.hypot(x - 0.5, y - 0.5) / np.hypot(0.5, 0.5),
        "log2 box_aspect": np.log2(width) - np.log2(height),
    }


def test_means_are_pandas() -> None:
    """Each mean of each group is that of its unmarked boxes, and so is n."""
    frame = crowd()
    table = measured(annotated(frame, [GENDER]))
    kept = frame[~frame["is_group_of"]]
    for subject, values in columns(kept).items():
        found = row(table, "mean", subject, "gender=F")
        group = values[kept["gender"] == "F"]
        assert (found["n"], found["value"]) == (len(group), pytest.approx(group.mean(), abs=2e-6))
        everyone = row(table, "mean", subject, "overall")
        assert (everyone["n"], everyone["n_images"]) == (len(kept), kept["image_id"].nunique())
        assert everyone["value"] == pytest.approx(values.mean(), abs=2e-6)


@pytest.mark.parametrize("subject", columns(crowd(8)))
def test_gaps_and_their_errors_are_those_of_a_clustered_regression(subject: str) -> None:
    """Statsmodels' OLS on the group with errors clustered by image gives gap and p-value."""
    frame = crowd()
    table = measured(annotated(frame, [GENDER]), **IN)
    design = sm.add_constant((frame["gender"] == "F").astype(float))
    clusters = frame["image_id"].astype("category").cat.codes
    fit = sm.OLS(columns(frame)[subject], design).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False}
    )
    m = clusters.nunique()
    found = row(table, "mean_gap", subject, "gender=F")
    assert found["value"] == pytest.approx(fit.params["gender"], abs=4e-6)
    z = fit.tvalues["gender"] / np.sqrt(m / (m - 1))
    assert found["p_value"] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-3)


def test_the_ratio_of_areas_is_that_of_means() -> None:
    """Mean area in the group over mean area in the rest, its interval on the side it should be."""
    frame = crowd()
    found = row(measured(annotated(frame, [GENDER]), **IN), "area_ratio", "box_area", "gender=F")
    area, feminine = columns(frame)["box_area"], frame["gender"] == "F"
    assert found["value"] == pytest.approx(area[feminine].mean() / area[~feminine].mean(), rel=1e-5)
    assert found["ci_low"] < found["value"] < found["ci_high"] < 1


GROUPS, DEPICTIONS = "is_group_of", "is_depiction_of"
CHOICES: list[tuple[dict[str, str], dict[str, set[str]]]] = [
    ({}, {"": {GROUPS}, "group boxes in": set(), "depiction boxes out": {GROUPS, DEPICTIONS}}),
    (IN, {"": set(), "group boxes out": {GROUPS}, "depiction boxes out": {DEPICTIONS}}),
    (
        {"depiction_boxes": "out"},
        {"": {GROUPS, DEPICTIONS}, "group boxes in": {DEPICTIONS}, "depiction boxes in": {GROUPS}},
    ),
]
COMPARED = [
    ("mean", "box_area", "overall"),
    ("mean_gap", "box_area", "gender=F"),
    ("share_gap", "large: from 3.00% of the image on", "gender=M"),
    ("boxes_per_image", "", "overall"),
    ("boxes_per_image", "", "gender=Unknown"),
]
NUMBERS = ["n", "n_images", "value", "ci_low", "ci_high", "p_value"]


@pytest.mark.parametrize(
    ("choices", "drawn"),
    [
        *((choices, Sampling()) for choices in CHOICES),
        (CHOICES[0], Sampling("scene")),
        (CHOICES[1], Sampling("image", "weight")),
    ],
)
def test_each_choice_has_the_numbers_of_a_dataset_of_its_boxes_alone(
    choices: tuple[dict[str, str], dict[str, set[str]]], drawn: Sampling
) -> None:
    """Marked boxes in or out, whatever the sampling unit and the weights: nothing else differs."""
    policy, without = choices
    frame = crowd().assign(scene=lambda f: f["image_id"].str[-1])
    frame["weight"] = frame["image_id"].str[1:].astype(int) % 3 + 1.0
    table = measured(drawn_by(frame, frame, drawn), **policy)
    for note, flags in without.items():
        kept = frame[~frame[sorted(flags)].any(axis=1)].drop(columns=[GROUPS, DEPICTIONS])
        alone = measured(drawn_by(kept, frame, drawn))
        for metric, subject, group in COMPARED:
            named = f"{subject} ({note})" if subject and note else subject or note
            found = row(table, metric, named, group)[NUMBERS].astype(float)
            expected = row(alone, metric, subject, group)[NUMBERS].astype(float)
            assert np.allclose(found, expected, rtol=1e-9, equal_nan=True)


def drawn_by(rows: pd.DataFrame, every: pd.DataFrame, drawn: Sampling) -> AnnotatedDataset:
    """Return boxes of images that are all listed, drawn in some way."""
    images = every[["image_id", "scene", "weight"]].drop_duplicates("image_id")
    boxes = rows.drop(columns=["scene", "weight"])
    return replace(annotated(boxes, [GENDER], images=images), sampling=drawn)


def test_flags_that_are_never_set_need_no_second_row() -> None:
    """Where nothing depends on the policy, nothing is said of it."""
    frame = crowd().assign(is_group_of=False, is_depiction_of=None)
    table = measured(annotated(frame.astype({DEPICTIONS: "boolean"}), [GENDER]))
    assert not table["subject"].str.contains("boxes").any()


def test_a_flag_that_is_not_known_keeps_no_box_out() -> None:
    """Only boxes that are marked stay out."""
    frame = crowd(40).assign(is_group_of=pd.array([True, False, None, None] * 10, dtype="boolean"))
    table = measured(annotated(frame, [GENDER]))
    assert row(table, "mean", "box_area", "overall")["n"] == 30


def test_sizes_in_pixels_are_those_of_coco() -> None:
    """32² and 96² pixels, where the sizes of images are known, and other boxes are not counted."""
    sides = np.array([31.0, 32.0, 95.9, 96.0, 200.0])
    size = np.array([700, 333, 1000, 768, 640])
    frame = pd.DataFrame({"image_id": list("abcde"), "gender": "F", "x_min": 0.1, "y_min": 0.3})
    frame["x_max"] = frame["x_min"] + sides / size
    frame["y_max"] = frame["y_min"] + sides / 1000
    images = pd.DataFrame({"image_id": list("abcde"), "width": size, "height": 1000})
    images.loc[4, "width"] = np.nan
    table = measured(annotated(frame, [GENDER], images=images))
    shares = table[(table["metric"] == "geometry.share") & (table["slice"] == "overall")]
    parts = {r.subject.partition(":")[0]: (r.n, r.value) for r in shares.itertuples()}
    assert [parts[name] for name in ("small", "medium", "large")] == [
        (4, 0.25),
        (4, 0.5),
        (4, 0.25),
    ]
    aspect = row(table, "mean", "log2 box_aspect in pixels", "overall")
    assert (aspect["n"], aspect["value"]) == (4, pytest.approx(0, abs=1e-6))


def test_without_pixels_the_same_bounds_are_shares_of_cocos_usual_image() -> None:
    """A box of 33 by 33 of 640 by 480 pixels is medium, one of 31 by 31 small."""
    frame = pd.DataFrame({"image_id": list("abc"), "gender": "F", "x_min": 0.0, "y_min": 0.0})
    frame["x_max"] = np.array([31, 33, 97]) / 640
    frame["y_max"] = np.array([31, 33, 97]) / 480
    table = measured(annotated(frame, [GENDER]))
    shares = table[(table["metric"] == "geometry.share") & (table["slice"] == "overall")]
    parts = shares[shares["subject"].str.contains(":")]["value"]
    assert parts.tolist() == pytest.approx([1 / 3] * 3)


def test_boxes_without_extent_or_without_corners_are_no_shapes() -> None:
    """A flat box has an area of 0 and no aspect; a null one has neither and is not in n."""
    frame = pd.DataFrame({"image_id": list("abc"), "gender": "F", "x_min": 0.1, "y_min": 0.1})
    frame["x_max"], frame["y_max"] = [0.1, 0.3, np.nan], [0.5, 0.2, 0.4]
    frame.loc[2, ["x_min", "y_min"]] = np.nan
    frame = frame.astype(object).where(frame.notna(), None)
    corners = ["x_min", "y_min", "x_max", "y_max"]
    table = measured(annotated(frame.astype(dict.fromkeys(corners, "Float64")), [GENDER]))
    assert row(table, "mean", "box_area", "overall")[["n", "value"]].tolist() == [2, 0.01]
    assert row(table, "mean", "log2 box_aspect", "overall")[["n", "value"]].tolist() == [1, 1.0]
    assert row(table, "mean", "box_area", "gender=M")["status"] == "undefined"


def test_signals_of_other_packages_are_averaged_where_they_are_known() -> None:
    """A signal that some boxes lack has an n of its own."""
    frame = crowd(40).assign(is_group_of=False, sharpness=[0.25, None] * 20)
    dataset = annotated(frame, [GENDER])
    signals = (*dataset.annotation_signals, "sharpness")
    found = row(
        measured(replace(dataset, annotation_signals=signals)), "mean", "sharpness", "overall"
    )
    assert found[["n", "value"]].tolist() == [20, 0.25]


def test_without_boxes_only_their_number_is_measured() -> None:
    """Annotations of whole images have no size."""
    frame = crowd(40).drop(columns=["x_min", "x_max", "y_min", "y_max"])
    dataset = annotated(frame, [GENDER])
    plain = replace(
        dataset,
        annotations=dataset.annotations.drop(*SIGNALS, "x_min", "x_max", "y_min", "y_max"),
        annotation_signals=(),
    )
    assert set(measured(plain)["metric"]) == {"geometry.boxes_per_image"}
    assert geometry(replace(plain, annotations=None), [], AuditConfig()).frame.empty


def test_a_table_without_rows_has_no_boxes() -> None:
    """Nothing is measured of it, and nothing fails."""
    table = measured(annotated(crowd(8).head(0), [GENDER]), group_boxes="out")
    assert not table["status"].isin(["ok", "small"]).any()
    assert not table["n"].any()


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6), n=st.integers(4, 60))
def test_neither_order_nor_copies_of_all_images_change_a_mean(seed: int, n: int) -> None:
    """Shuffled rows give the same bits; images copied under other names give the same means."""
    frame = crowd(n, seed)
    table = measured(annotated(frame, [GENDER]))
    shuffled = measured(annotated(frame.sample(frac=1, random_state=seed), [GENDER]))
    pd.testing.assert_frame_equal(table, shuffled, check_exact=True)
    copied = pd.concat([frame, frame.assign(image_id="copy " + frame["image_id"])])
    twice = measured(annotated(copied, [GENDER]))
    assert np.array_equal(table["n"] * 2, twice["n"])
    assert np.allclose(table["value"], twice["value"], rtol=1e-9, atol=1e-12, equal_nan=True)


def test_one_image_has_means_but_no_interval() -> None:
    """Nothing can be said of other images from a single one."""
    frame = crowd(40).assign(image_id="a")
    found = row(measured(annotated(frame, [GENDER])), "mean", "box_area", "gender=F")
    assert found["value"] > 0
    assert np.isnan(found["ci_low"])


def test_boxes_of_the_real_file(shared_data: object) -> None:
    """MIAP's boxes without those of groups, by pandas: 21,873 of 23,940; feminine ones larger."""
    path = f"{shared_data}/{MIAP}"
    boxes = pd.read_csv(path)
    dataset = derive(tk.load(path), SIGNALS.values())
    table = geometry(dataset, GENDERS, AuditConfig()).frame
    area = (boxes["XMax"] - boxes["XMin"]) * (boxes["YMax"] - boxes["YMin"])
    feminine = boxes["GenderPresentation"] == "Predominantly Feminine"
    group = "gender_presentation=Predominantly Feminine"
    for subject, kept in (
        ("box_area", boxes["IsGroupOf"] == 0),
        ("box_area (group boxes in)", True),
    ):
        found = row(table, "area_ratio", subject, group)
        means = area[feminine & kept].mean(), area[~feminine & kept].mean()
        assert found["value"] == pytest.approx(means[0] / means[1], rel=1e-4)
        assert found["n"] == (feminine & kept).sum()
    median = row(table, "share", "area below the median", "overall")
    assert (median["n"], median["value"]) == (21873, pytest.approx(0.5, abs=1e-3))
