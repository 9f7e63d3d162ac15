"""Findings about the pictures of a dataset."""

from __future__ import annotations

from toolkit.checks._fault import FaultRule
from toolkit.model.finding import Severity


class ANN019(FaultRule):
    """Pictures that are not there."""

    title = "Missing pictures"
    family = "validation"
    needs = ("validation.missing_files",)
    severity = Severity.ERROR
    message = (
        "{n} images have no picture in the dataset's folder ({share} of all, {confidence} interval "
        "{low} to {high})."
    )
    meaning = (
        "The picture is not there, or its name leads out of the dataset's folder or through a "
        "link, which is never followed. Where no image names a picture, the dataset is one "
        "without pictures."
    )
    example = (
        "2 images have no picture in the dataset's folder (0.1% of all, 95% interval 0.0% to 0.4%)."
    )
    formula = "n = images without a path to a regular file, if others have one."
    advice = "Complete the pictures, or name the folder that holds them with the annotations."


class ANN020(FaultRule):
    """Pictures that cannot be read."""

    title = "Unreadable pictures"
    family = "validation"
    needs = ("validation.unreadable_files",)
    severity = Severity.ERROR
    message = (
        "{n} images have a picture that cannot be read ({share} of all, {confidence} interval "
        "{low} to {high})."
    )
    meaning = (
        "The head of the file is that of no JPEG, PNG, WebP, BMP, GIF or TIFF, or asks for an "
        "unreasonable size. Only heads are read, so a file cut off later passes."
    )
    example = (
        "1 images have a picture that cannot be read (0.1% of all, 95% interval 0.0% to 0.3%)."
    )
    formula = "n = images whose picture's width and height cannot be read from its head."
    advice = "Copy the files again from their source."


class ANN021(FaultRule):
    """Pictures of another size than the annotations state."""

    title = "Sizes that disagree with the picture"
    family = "validation"
    needs = ("validation.file_sizes",)
    severity = Severity.ERROR
    message = (
        "{n} images state another width or height than their picture has ({share} of all, "
        "{confidence} interval {low} to {high})."
    )
    meaning = (
        "The picture was resized, cut or turned after it was annotated, so boxes in pixels lie "
        "in the wrong place. A picture counts as it is displayed, EXIF orientation included."
    )
    example = (
        "5 images state another width or height than their picture has (0.2% of all, 95% interval "
        "0.1% to 0.4%)."
    )
    formula = "stated (width, height) ≠ those in the head of the file."
    advice = "Use the pictures that were annotated, or scale the boxes."
