"""How the rows were drawn, in words."""

from toolkit.wording.sampling import sampling_in_words


def test_the_sampling_unit_is_always_named_and_weights_where_there_are_any() -> None:
    """A reader of any output learns what the intervals allow for."""
    assert sampling_in_words("image") == "clustered by image"
    words = sampling_in_words("author_name", "w")
    assert words == "clustered by author name; weighted by w"
