"""The command line: parse, call the library, write, exit.

Exit codes: 0 done, 1 a finding or check failed, 2 settings or usage wrong, 3 the data could not be
read or the run broke. Everything heavy is imported inside the commands, so that help is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from toolkit.errors import SettingsError, ToolkitError, UnknownNameError

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.config import AuditConfig
    from toolkit.outputs import Audit

FAILED: Final = 1
BROKEN: Final = 3
INTERRUPTED: Final = 130
SETTINGS: Final = "audit.toml"

app = typer.Typer(
    name="toolkit",
    help="Audit annotated image datasets of people: who is in them, what goes with whom, and how "
    "evenly they are annotated.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Kind(StrEnum):
    """What can be listed."""

    LOADERS = "loaders"
    METRICS = "metrics"
    SIGNALS = "signals"
    RULES = "rules"
    RENDERERS = "renderers"


class FailOn(StrEnum):
    """From which severity on findings make the command fail."""

    NEVER = "never"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


Config = Annotated[
    Path | None,
    typer.Option(help="Settings; by default audit.toml in this folder, if there is one."),
]
Data = Annotated[
    list[str] | None,
    typer.Argument(
        help="A file or folder, or several as split=path; by default the path of the settings."
    ),
]
Format = Annotated[str | None, typer.Option(help="The format, if it is not recognised.")]
Attributes = Annotated[
    Path | None, typer.Option(help="A table of which all columns become attributes.")
]
On = Annotated[str, typer.Option(help="Its key: image_id or annotation_id.")]
Root = Annotated[Path, typer.Option(help="The folder that the paths of data are relative to.")]


@app.command()
def audit(
    data: Data = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="An attribute, or several joined by commas for their intersection."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for card, dashboard and tables.")
    ] = Path("out/audit"),
    config: Config = None,
    format: Format = None,  # noqa: A002 - the option's name
    attributes: Attributes = None,
    on: On = "image_id",
    predictions: Annotated[
        Path | None, typer.Option(help="A table of predicted boxes, or of labels with scores.")
    ] = None,
    root: Root = Path(),
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit with 1 if a finding is at least this severe."),
    ] = None,
) -> None:
    """Audit a dataset: print what was found, write data card, dashboard and tables."""
    from toolkit import outputs

    settings = settings_of(config)
    files = {"attributes": attributes, "on": on, "predictions": predictions, "root": root}
    with stages() as progress, loaded(data, format, settings, files, progress) as dataset:
        result = outputs.audit(dataset, slicings(by), settings, progress)
        progress("writing", 1, 1)
        result.save(output)
    show(result)
    typer.echo(f"\nData card   {output / 'card.html'}\nDashboard   {output / 'dashboard.html'}")
    raise typer.Exit(verdict(result, fail_on or FailOn(settings.findings.fail_on)))


@app.command()
def validate(
    data: Data = None,
    by: Annotated[
        list[str] | None, typer.Option(help="An attribute whose groups' shares are given.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file for the report as JSON.")
    ] = None,
    config: Config = None,
    format: Format = None,  # noqa: A002 - the option's name
    attributes: Attributes = None,
    on: On = "image_id",
    root: Root = Path(),
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with 1 if a finding is at least this severe; by default as the settings "
            "say, else error."
        ),
    ] = None,
) -> None:
    """Look for faults in the annotations and pictures, each with its number and examples."""
    from toolkit import outputs

    settings = settings_of(config)
    files = {"attributes": attributes, "on": on, "root": root}
    with stages() as progress, loaded(data, format, settings, files, progress) as dataset:
        result = outputs.validate(dataset, slicings(by), settings, progress)
    if output:
        result.save_record(output)
    show(result, details=True)
    stated = "fail_on" in settings.findings.model_fields_set
    by_default = FailOn(settings.findings.fail_on) if stated else FailOn.ERROR
    raise typer.Exit(verdict(result, fail_on or by_default))


@app.command("list")
def list_plugins(kind: Annotated[Kind, typer.Argument(help="What to list.")]) -> None:
    """List what there is to choose from."""
    from toolkit.catalogue import catalogue

    columns, rows = catalogue(kind.value)
    print_table(columns, rows)


@app.command()
def explain(code: Annotated[str, typer.Argument(help="The code of a finding, as REP001.")]) -> None:
    """Explain a finding: what it means, how it is computed, what to do."""
    from toolkit.catalogue import finding_page

    typer.echo(finding_page(code.upper()))


@app.command()
def schema(
    file: Annotated[str, typer.Argument(help="audit.toml or audit.json")],
) -> None:
    """Print the JSON Schema of a file."""
    import json

    from toolkit.catalogue import SCHEMAS

    if file not in SCHEMAS:
        raise UnknownNameError("file", file, SCHEMAS)
    typer.echo(json.dumps(SCHEMAS[file](), indent=2))


@app.command()
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


@app.command()
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


def settings_of(path: Path | None) -> AuditConfig:
    """Return the settings of a file, of this folder's audit.toml, or the defaults."""
    from toolkit.config import AuditConfig

    if path is None and not Path(SETTINGS).is_file():
        return AuditConfig()
    return AuditConfig.read(path or Path(SETTINGS))


def slicings(by: list[str] | None) -> list[tuple[str, ...]] | None:
    """Return the attributes to slice by, intersections taken apart; None if none are named."""
    return [tuple(names.split(",")) for names in by] if by else None


def sources(data: list[str]) -> Path | dict[str, Path]:
    """Return the path of the data, or the paths by split.

    Raises:
        SettingsError: If several paths are given and one names no split, or two the same.
    """
    if len(data) == 1 and ("=" not in data[0] or Path(data[0]).exists()):
        return Path(data[0])
    named = [name.partition("=") for name in data]
    splits = {split: Path(path) for split, _, path in named if split and path}
    if len(splits) < len(data):
        what = "Several sources need a different split each"
        raise SettingsError(what, "arguments", "Write them as train=PATH val=PATH.")
    return splits


@contextmanager
def loaded(
    data: list[str] | None,
    format_: str | None,
    settings: AuditConfig,
    files: dict[str, Any],
    progress: Callable[[str, int, int], None],
) -> Iterator[Any]:
    """Load the dataset into an engine that lasts as long as the block."""
    from toolkit.engine import Engine
    from toolkit.loading import load

    stated = settings.dataset
    if not data and stated.path is None:
        raise SettingsError(
            "No dataset is named", "arguments", "Give a path, or set path under [dataset]."
        )
    path = sources(data) if data else Path(str(stated.path))
    given = options(settings) | files
    progress("loading", 0, 1)
    with Engine(settings.engine) as engine, engine.guard(", ".join(data or [str(path)])):
        yield load(path, format_ or stated.format, engine=engine, **given)


def options(settings: AuditConfig) -> dict[str, Any]:
    """Return what the settings tell a loader."""
    stated = settings.dataset
    given = {"name": stated.name, "licence": stated.licence, "columns": stated.columns}
    return {name: value for name, value in given.items() if value is not None}


def verdict(result: Audit, fail_on: FailOn) -> int:
    """Return the exit code that the findings call for."""
    if fail_on is FailOn.NEVER:
        return 0
    worst = [severity.value for severity in FailOn][1:].index(fail_on.value)
    return FAILED if any(finding.severity.rank <= worst for finding in result.found) else 0


def console() -> Console:
    """Return the terminal, or whatever standard output is."""
    from rich.console import Console

    return Console(highlight=False)


def show(result: Audit, *, details: bool = False) -> None:
    """Print the findings, with groups and examples if details are wanted."""
    from toolkit.render.text import report

    console().print(report(result, details=details))


def print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table of texts."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on a terminal that is waited at for more than a moment."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    parts = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    terminal = Console(stderr=True)
    with Progress(
        *parts, console=terminal, transient=True, disable=not terminal.is_terminal
    ) as bar:
        task = bar.add_task("starting", total=None)

        def report(stage: str, done: int, of: int) -> None:
            bar.update(task, description=stage, completed=done, total=of)

        yield report


def main() -> None:
    """Run the command line; every error a user can cause becomes one sentence and an exit code."""
    try:
        app()
    except ToolkitError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("Interrupted; nothing was written.", INTERRUPTED)
    except Exception as error:
        if os.environ.get("TOOLKIT_DEBUG"):
            raise
        fail(
            f"Something broke inside the toolkit ({type(error).__name__}: {error}). "
            "Please report it; TOOLKIT_DEBUG=1 shows where.",
            BROKEN,
        )


def fail(sentence: str, code: int) -> None:
    """Print a sentence to standard error, control characters made visible, and exit."""
    from toolkit.render._escape import visible

    typer.echo(f"toolkit: {visible(sentence)}", err=True)
    sys.exit(code)
