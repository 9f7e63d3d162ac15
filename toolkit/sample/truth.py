"""What was planted, as TOML: every number in it is one of the design."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toolkit.sample.design import (
    AGES,
    BIASED,
    FEMININE,
    LABELS,
    OLDER,
    RECALL,
    UNBIASED,
    UNKNOWN,
    UNKNOWN_PRESENTATION,
    YOUNG,
)

if TYPE_CHECKING:
    from toolkit.sample.design import Association, Design

Entry = dict[str, str | float]


def truth(images: int, seed: int, biased: bool) -> str:
    """Return `truth.toml`: the sample's settings, MIAP's protocol and the biases planted."""
    settings: Entry = {"images": images, "seed": seed, "biased": biased}
    entries = [table("sample", settings), table("protocol", protocol())]
    if biased:
        entries += [table("planted", entry, repeats=True) for entry in planted(BIASED)]
    return "\n".join(entries)


def table(name: str, entry: Entry, *, repeats: bool = False) -> str:
    """Return one TOML table; text, numbers and booleans are written as in JSON."""
    head = f"[[{name}]]" if repeats else f"[{name}]"
    return "\n".join([head, *(f"{key} = {json.dumps(value)}" for key, value in entry.items()), ""])


def protocol() -> Entry:
    """Return the rule of the annotation protocol that every sample keeps: it is no bias."""
    return {
        "says": "The gender presentation of a young person is never annotated.",
        "attribute": "age_presentation",
        "value": YOUNG,
        "always": "gender_presentation",
        "is": UNKNOWN,
    }


def planted(design: Design) -> list[Entry]:
    """Return every planted bias: of which kind, who is concerned, and how large it is."""
    return [
        *under_represented(design),
        *associated(design),
        *unlike_in_quality(design),
        *repeated(design),
    ]


def under_represented(design: Design) -> list[Entry]:
    """Return the groups that are too small among the people of known value."""
    older = AGES.index(OLDER)
    return [
        {
            "kind": "representation",
            "says": "Predominantly feminine presentation is under-represented.",
            "attribute": "gender_presentation",
            "value": FEMININE,
            "share_of_known": design.feminine,
            "balanced_share": UNBIASED.feminine,
        },
        {
            "kind": "representation",
            "says": "Older people are under-represented.",
            "attribute": "age_presentation",
            "value": OLDER,
            "share_of_known": design.ages[older],
            "balanced_share": UNBIASED.ages[older],
        },
    ]


def associated(design: Design) -> list[Entry]:
    """Return the labels that depend on gender presentation, as shares of images."""
    return [association(goes) for goes in design.associations]


def association(goes: Association) -> Entry:
    """Return one label and the gender presentation it goes with, or keeps away from."""
    label, often = LABELS[goes.label], "more" if goes.with_it > goes.without_it else "less"
    return {
        "kind": "association",
        "says": f"{label} is {often} frequent with people of {goes.presentation.lower()} "
        "presentation.",
        "label": goes.label,
        "label_name": label,
        "attribute": "gender_presentation",
        "value": goes.presentation,
        "share_of_images_with": goes.with_it,
        "share_of_images_without": goes.without_it,
    }


def unlike_in_quality(design: Design) -> list[Entry]:
    """Return who is photographed, detected or annotated worse than others."""
    return [
        {
            "kind": "image_quality",
            "says": "Images with older people are darker and blurrier.",
            "attribute": "age_presentation",
            "value": OLDER,
            "exposure_factor": design.older_exposure,
            "added_blur_sigma_px": design.older_blur,
        },
        {
            "kind": "detection",
            "says": "The detector misses people of predominantly feminine presentation more often.",
            "attribute": "gender_presentation",
            "value": FEMININE,
            "recall": design.feminine_recall,
            "recall_of_others": RECALL,
        },
        {
            "kind": "unknown_rate",
            "says": "The gender presentation of groups is mostly unknown.",
            "attribute": "gender_presentation",
            "flag": "is_group_of",
            "rate": design.unknown_in_groups,
            "rate_of_others": UNKNOWN_PRESENTATION,
        },
        {
            "kind": "constant_flag",
            "says": "The flag is the same for every box.",
            "flag": "is_inside_of",
            "rate": design.inside_of,
        },
    ]


def repeated(design: Design) -> list[Entry]:
    """Return what is in the data twice."""
    return [
        {
            "kind": "duplicate_images",
            "says": "Images of the test split repeat training images, pixel by pixel.",
            "original_split": "train",
            "repeat_split": "test",
            "share_of_images": design.repeated_images,
        },
        {
            "kind": "duplicate_rows",
            "says": "Rows of boxes.csv are repeated exactly.",
            "table": "annotations",
            "repeats_per_row": design.repeated_rows,
        },
    ]
