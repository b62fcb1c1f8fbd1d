"""Where a run's numbers go besides its own files, as a recipe names it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from prorl.recipe.section import Section


class TensorBoard(Section):
    """Event files for TensorBoard (`pip install 'prorl[tensorboard]'`)."""

    kind: Literal["tensorboard"]
    folder: str | None = None
    """null: `tensorboard/` in the run's folder."""


class WandB(Section):
    """Weights & Biases (`pip install 'prorl[wandb]'`)."""

    kind: Literal["wandb"]
    project: str = "prorl"
    entity: str | None = None
    """null: the account's own."""
    mode: Literal["online", "offline"] = "online"
    """`offline` writes to `wandb/` in the run's folder; `wandb sync` uploads it later."""


class Trackio(Section):
    """trackio, a dashboard on this machine or in a Hugging Face Space (`pip install 'prorl[trackio]'`)."""

    kind: Literal["trackio"]
    project: str = "prorl"
    space: str | None = None
    """Id of a Space; null: this machine."""


class CustomTracker(Section):
    """A class of one's own: see `prorl.run.tracking.Tracker`."""

    kind: Literal["custom"]
    tracker: str
    """`package.module:Class`; called with what is known of the run, and with `options` by name."""
    options: dict[str, Any] = Field(default_factory=dict)


Tracker = Annotated[TensorBoard | WandB | Trackio | CustomTracker, Field(discriminator="kind")]
