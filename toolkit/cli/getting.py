"""The commands that get data: `sample` and `fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import stages


def sample(
    folder: Annotated[Path, typer.Argument(help="Where to put it; must not be there yet.")],
    images: Annotated[int, typer.Option(help="How many images to draw.")] = 400,
    seed: Annotated[int, typer.Option(help="The seed of every random choice.")] = 0,
) -> None:
    """Draw a sample dataset with planted, documented biases."""
    from toolkit.sample import write

    with stages() as progress:
        write(folder, images, seed, progress=lambda done, of: progress("drawing", done, of))
    typer.echo(f"{images} images in {folder}; the planted biases are in {folder / 'truth.toml'}")


def fetch(
    dataset: Annotated[str, typer.Argument(help="What to download: miap.")],
    split: Annotated[str, typer.Option(help="The split: val or test.")] = "val",
    to: Annotated[
        Path | None, typer.Option(help="The folder for it; by default named like the dataset.")
    ] = None,
) -> None:
    """Download published annotations, and check that they are what was published."""
    from toolkit import fetching

    with stages() as progress:
        path = fetching.fetch(dataset, split, to, progress)
    typer.echo(f"{path} is whole: its sha256 is the published one.")
