"""Findings about labels and values that are not what they should be."""

from __future__ import annotations

from toolkit.checks._fault import FaultRule
from toolkit.model.finding import Severity


class ANN014(FaultRule):
    """Labels that the taxonomy does not have."""

    title = "Labels outside the taxonomy"
    family = "integrity"
    needs = ("integrity.taxonomy", "validation.taxonomy")
    severity = Severity.ERROR
    message = (
        "In {n} rows of {images} images {column} is outside the declared taxonomy: {values} "
        "({share} of all, {confidence} interval {low} to {high})."
    )
    meaning = (
        "The settings declare which labels may occur ([labels] taxonomy), by code or by name; "
        "these are others. Misspelt, they become classes of their own. Labels of images are "
        "looked at by `toolkit validate` alone."
    )
    example = (
        "In 3 rows of 3 images label is outside the declared taxonomy: 'Persn' (3; did you mean "
        "'Person'?) (0.1% of all, 95% interval 0.0% to 0.2%)."
    )
    formula = "n = rows whose label is neither a code nor a name of the taxonomy."
    advice = "Correct the labels, or complete the taxonomy."


class ANN015(FaultRule):
    """Values of an attribute that nobody declared."""

    title = "Undeclared values"
    family = "integrity"
    needs = ("integrity.undeclared",)
    severity = Severity.ERROR
    message = (
        "In {n} rows {column} has a value that is not declared: {values} ({share} of all, "
        "{confidence} interval {low} to {high})."
    )
    meaning = (
        "The format or the settings declare which values an attribute may have, those for “not "
        "known” included; these are others. They would be groups of their own."
    )
    example = (
        "In 12 rows perceived gender presentation has a value that is not declared: 'Femnine' (12; "
        "did you mean 'Feminine'?) (0.1% of all, 95% interval 0.0% to 0.2%)."
    )
    formula = "n = rows whose value is neither among values nor among missing; null is missing."
    advice = "Correct the values, or declare them under [attributes] in the settings."


class ANN016(FaultRule):
    """Values that differ from another only by case or space."""

    title = "Spelling variants"
    family = "integrity"
    needs = ("integrity.spelling", "validation.spelling")
    severity = Severity.WARNING
    message = (
        "{n} rows spell {column} otherwise than most rows do, by case or space: {values} "
        "({share} of all, {confidence} interval {low} to {high})."
    )
    meaning = (
        "`Dog` and `dog ` are two classes to a program and one to its users. Looked for where no "
        "values are declared, in columns with up to 100,000 different values."
    )
    example = (
        "4 rows spell label otherwise than most rows do, by case or space: 'dog ' (4; elsewhere "
        "'Dog') (0.1% of all, 95% interval 0.0% to 0.2%)."
    )
    formula = "equal after Unicode NFKC, case folding and collapsing of space; the rarer ones."
    advice = "Choose one spelling and declare the values."


class ANN017(FaultRule):
    """Words among numbers, or numbers among words."""

    title = "Mixed types"
    family = "integrity"
    needs = ("integrity.mixed_types", "validation.mixed_types")
    severity = Severity.INFO
    message = (
        "{column} holds numbers and words; {n} rows are of the rarer kind: {values} ({share} of "
        "all, {confidence} interval {low} to {high})."
    )
    meaning = (
        "A column of numbers with a few words in it cannot be compared or averaged; often the "
        "word stands for “not known” and should be declared as missing. Looked for where no "
        "values are declared."
    )
    example = (
        "age holds numbers and words; 7 rows are of the rarer kind: 'n/a' (7; no number) (0.1% of "
        "all, 95% interval 0.0% to 0.2%)."
    )
    formula = "n = rows with a number if most have a word, else rows with a word."
    advice = "Declare words for “not known” under missing; correct the others."


class ANN018(FaultRule):
    """Values that a spreadsheet has rewritten."""

    title = "Spreadsheet damage"
    family = "integrity"
    needs = ("integrity.spreadsheet", "validation.spreadsheet")
    severity = Severity.WARNING
    message = (
        "In {n} rows {column} has a value that a spreadsheet seems to have rewritten: {values} "
        "({share} of all, {confidence} interval {low} to {high})."
    )
    meaning = (
        "Spreadsheets turn `3-9` into `9-Mar` and a long number into `1E+05` when a file is opened "
        "and saved, and leave `#NAME?` behind (Ziemann et al., Genome Biology 2016). A column of "
        "nothing but dates, or nothing but such numbers, is taken to be meant so."
    )
    example = (
        "In 40 rows age has a value that a spreadsheet seems to have rewritten: '9-Mar' (40) (0.4% "
        "of all, 95% interval 0.3% to 0.5%)."
    )
    formula = "n = rows with a date, a number like 1E+05 or a formula's error among other values."
    advice = "Go back to the file before it was opened in a spreadsheet; import columns as text."
