"""The command that compares two audits: `compare`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from toolkit.cli.options import (
    FAILED,
    Config,
    Format,
    console,
    loaded,
    settings_of,
    slicings,
    stages,
)
from toolkit.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.comparison import Comparison
    from toolkit.config import AuditConfig
    from toolkit.outputs import Audit

FORMS: Final = (".json", ".md", ".parquet")
"""The endings of the files that can be written."""


class FailOnCourse(StrEnum):
    """Which course of a finding makes the command fail."""

    NEVER = "never"
    APPEARED = "appeared"
    WORSE = "worse"


def compare(
    a: Annotated[str, typer.Argument(help="The folder of an audit, or a dataset to audit first.")],
    b: Annotated[str, typer.Argument(help="The later one.")],
    by: Annotated[
        list[str] | None,
        typer.Option(help="For datasets: an attribute, or several joined by commas."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file for the comparison: .json, .md, or .parquet (numbers)."
        ),
    ] = None,
    config: Config = None,
    format: Format = None,  # noqa: A002 - the option's name
    fail_on: Annotated[
        FailOnCourse,
        typer.Option(help="Exit with 1 if a finding appeared, or (worse) weighs more than before."),
    ] = FailOnCourse.NEVER,
) -> None:
    """Compare two audits or datasets: what appeared, vanished, grew or shrank from A to B."""
    from toolkit import outputs
    from toolkit.comparison import compare as compared
    from toolkit.comparison.report import sections
    from toolkit.render import publish
    from toolkit.render._sections import terminal

    if output and output.suffix not in FORMS:
        what, do = f"{output.name!r} names no form to write", f"End it in {', '.join(FORMS)}."
        raise SettingsError(what, "--output", do)
    audits = both_audits((a, b), by, config, format)
    comparison = compared(*audits)
    console().print(terminal(sections(comparison)))
    if output:
        shown = compared(*map(publish, audits))
        outputs.save_file(output, written(shown, output.suffix))
        typer.echo(f"Comparison  {output}")
    raise typer.Exit(exit_code(comparison, fail_on))


def written(comparison: Comparison, ending: str) -> str | pd.DataFrame:
    """Return what is written into a file of this ending."""
    from toolkit.comparison import to_markdown

    if ending == ".parquet":
        return comparison.changes
    return to_markdown(comparison) if ending == ".md" else comparison.to_json()


def both_audits(
    paths: tuple[str, str], by: list[str] | None, config: Path | None, format_: str | None
) -> list[Audit]:
    """Open the audits among the paths, and audit the others.

    With the settings and slices named, else with those of the audit that is opened.
    """
    from toolkit.outputs import RECORD, Audit

    opened = [Audit.open(path) if Path(path, RECORD).is_file() else None for path in paths]
    model = next(filter(None, opened), None)
    settings = settings_of(config) if config or model is None else settings_like(model)
    cuts = slicings(by) or (cuts_of(model) if model else None)
    return [
        audit or audited(path, cuts, settings, format_)
        for path, audit in zip(paths, opened, strict=True)
    ]


def audited(
    path: str, cuts: list[tuple[str, ...]] | None, settings: AuditConfig, format_: str | None
) -> Audit:
    """Audit a dataset; nothing of it is written."""
    from toolkit import outputs

    files = {"attributes": None, "on": "image_id", "root": Path()}
    with stages() as progress, loaded([path], format_, settings, files, progress) as dataset:
        return outputs.audit(dataset, cuts, settings, progress)


def settings_like(audit: Audit) -> AuditConfig:
    """Return the settings of an audit, without what names its dataset."""
    from toolkit.config import AuditConfig

    columns = audit.config.get("dataset", {}).get("columns")
    named = {"dataset": {"columns": columns}, "card": {}}
    return AuditConfig.of({**audit.config, **named}, "the audit's settings")


def cuts_of(audit: Audit) -> list[tuple[str, ...]] | None:
    """Return what an audit was sliced by, None if by nothing."""
    from toolkit.comparison.settings import slicings

    return [names for names in slicings(audit) if names] or None


def exit_code(comparison: Comparison, fail_on: FailOnCourse) -> int:
    """Return 1 if findings went the way that is to fail."""
    from toolkit.comparison.model import Course

    failing = {
        FailOnCourse.NEVER: [],
        FailOnCourse.APPEARED: [Course.APPEARED],
        FailOnCourse.WORSE: [Course.APPEARED, Course.WORSE],
    }[fail_on]
    return FAILED if comparison.findings["course"].isin(failing).any() else 0
