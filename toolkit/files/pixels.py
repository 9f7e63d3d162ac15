"""Image files: the only module that opens them, and what it refuses to open."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
"""The decoders that may be used; others are rare in datasets and have had more holes."""
PICTURES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""How the names of files in these formats end, in lower case."""
MOST_BYTES: Final = 2**28
"""The largest file that is opened."""
ORIENTATION: Final = 0x0112
"""The EXIF tag that says how the picture is turned for display (Exif 2.3, 4.6.4)."""
SIDEWAYS: Final = (5, 6, 7, 8)

EMPTY: Final = "the picture's file is empty"
TOO_LARGE: Final = f"the picture's file has more than {MOST_BYTES // 2**20} MiB"
TOO_MANY_PIXELS: Final = "the picture has too many pixels"
UNREADABLE: Final = "the picture cannot be read"
HEADER_FAULTS: Final = (EMPTY, TOO_LARGE, TOO_MANY_PIXELS, UNREADABLE)
"""Why the size of a picture is not known, as constant phrases."""


@dataclass(frozen=True)
class Header:
    """What the head of an image file says.

    Attributes:
        width: Pixels across, as the picture is displayed.
        height: Pixels down.
        fault: Why there is no size, one of `HEADER_FAULTS`; empty if there is one.
    """

    width: int | None = None
    height: int | None = None
    fault: str = ""


def read_header(path: Path | str | BinaryIO, size: int) -> Header:
    """Read the size of a picture from the head of its file, without decoding it.

    Args:
        path: A regular file, or its open bytes.
        size: Its bytes.
    """
    if size == 0:
        return Header(fault=EMPTY)
    if size > MOST_BYTES:
        return Header(fault=TOO_LARGE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
                sideways = image.format in {"JPEG", "MPO"} and is_sideways(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return Header(fault=TOO_MANY_PIXELS)
    except Exception:  # noqa: BLE001 - a decoder raises whatever hostile bytes provoke
        return Header(fault=UNREADABLE)
    return Header(height, width) if sideways else Header(width, height)


def is_sideways(image: Image.Image) -> bool:
    """Whether a JPEG is displayed turned by a quarter; damaged EXIF data turn nothing."""
    if "exif" not in image.info:
        return False
    with suppress(Exception):
        return image.getexif().get(ORIENTATION) in SIDEWAYS
    return False
