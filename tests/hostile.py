"""Names and texts that break what is not careful, and pictures to go with them."""

import io

from hypothesis import strategies as st
from PIL import Image

COMMON = (
    "plain",
    " two  blanks ",
    'it\'s "quoted", with commas; 50% & <b>',
    "line\nline\ttab",
    "👩🏽‍🦱",
    "عربي\u202eabc",
    "<script>alert(1)</script>",
    "../../etc/passwd",
)
"""Names that every format with free text must bring through unchanged."""
NAMES = (
    "plain",
    "two words",
    'it\'s "quoted", with commas',
    "two\nlines\r\nand\ttabs",
    "👩🏽‍🦱",
    "\u202eright to left שלום",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "=1+1",
    "NULL",
    "NaN",
    "x" * 5000,
)
TEXTS = st.one_of(
    st.sampled_from(NAMES),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)


def picture(width: int, height: int, form: str = "PNG") -> bytes:
    """Return the file of a grey picture."""
    stream = io.BytesIO()
    Image.new("L", (width, height), 128).save(stream, form)
    return stream.getvalue()
