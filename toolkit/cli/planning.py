"""The command that plans what to collect: `plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import console


def plan(
    audit: Annotated[Path, typer.Argument(help="The folder of an audit.")],
    tolerance: Annotated[
        float | None, typer.Option(help="The part of its reference share each group is to have.")
    ] = None,
    disparity: Annotated[
        float | None, typer.Option(help="The difference between two groups that is to be found.")
    ] = None,
    power: Annotated[float | None, typer.Option(help="How often it is to be found.")] = None,
    rate: Annotated[float | None, typer.Option(help="The rate in one of the two groups.")] = None,
    classes: Annotated[
        bool | None,
        typer.Option(help="Whether groups are to have their shares within each label as well."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder for the plan; by default the audit's."),
    ] = None,
) -> None:
    """Plan the fewest images that give every group its share and enough evidence."""
    from toolkit import outputs
    from toolkit.planning import plan as planned
    from toolkit.planning.report import sections, to_markdown
    from toolkit.render import publish
    from toolkit.render._sections import terminal

    aims = {"tolerance": tolerance, "disparity": disparity, "power": power, "rate": rate}
    opened = outputs.Audit.open(audit)
    console().print(terminal(sections(planned(opened, classes=classes, **aims))))
    made = planned(publish(opened), classes=classes, **aims)
    folder = output or audit
    outputs.save_file(folder / "plan.parquet", made.images)
    outputs.save_file(folder / "plan_targets.parquet", made.targets)
    outputs.save_file(folder / "plan.json", made.to_json())
    outputs.save_file(folder / "plan.md", to_markdown(made))
    typer.echo(f"Plan        {folder / 'plan.md'}\nTables      {folder / 'plan.parquet'}")
