"""`prorl rejudge`: new verdicts on samples that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def rejudge(
    folder: Annotated[Path, typer.Argument(help="The --out folder of prorl boundary.")],
    suite: Annotated[list[str], typer.Option("--suite", "-s", help="What was asked, as it was named then.")],
    label: Annotated[str, typer.Option(help="What the verdicts are called.")],
    problems: Annotated[int, typer.Option(help="Problems of each task, as many as were asked.", min=1)] = 24,
    worked_examples: Annotated[int, typer.Option(help="As it was then.", min=0)] = 0,
    level: Annotated[list[int] | None, typer.Option(help="As it was then; may be repeated.")] = None,
) -> None:
    """Judge all samples again, by the verifiers as they are now, without any model.

    The new verdicts stand beside the old ones, which stay what they are; what was judged under this label before is
    not judged again.

    \b
    prorl rejudge boundary --suite runs/mine --label mended
    prorl boundary --from-samples boundary --verdicts mended --out boundary-mended
    """
    from prorl.boundary.laboratory.progress import on_terminal
    from prorl.run.laboratory import asked
    from prorl.run.laboratory import rejudge as judge_again

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    what = asked(suite, worked_examples, level or [])
    with on_terminal(console) as told:
        judged = judge_again(folder, what, problems, label, told)
    typer.echo(f"{judged} samples judged; now: prorl boundary --from-samples {folder} --verdicts {label} --out OUT")
