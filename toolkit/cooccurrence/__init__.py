"""Counting which labels and groups meet in an image.

An image can have several groups and several labels. Where there are few groups, the set of an
image's groups is counted (`patterns`); where there are many, or where images are weighted or
clustered, each group is (`sums`). Both give a `Cooccurrence`, from which every measure follows.
"""

from toolkit.cooccurrence.counting import cooccurrence
from toolkit.cooccurrence.counts import ANY, Cooccurrence, Moments
from toolkit.cooccurrence.labels import Labelled, labelled_images, numbered_images

__all__ = [
    "ANY",
    "Cooccurrence",
    "Labelled",
    "Moments",
    "cooccurrence",
    "labelled_images",
    "numbered_images",
]
