"""Going back to where a run's newest checkpoint stands, as a new process does, or one whose engine was lost."""

from __future__ import annotations

from prorl.regimen.validation import Best
from prorl.run.loop import Loop


def take_up(loop: Loop) -> None:
    """Go back to the newest checkpoint, or to the start if there is none, and forget what came after it."""
    found = loop.checkpoints.load_latest(loop.engine)
    if found is not None:
        loop.step, state = found
        loop.regimen.load_state_dict(state["regimen"])
        loop.configure(loop.regimen.stage)
        for name, part in loop.stateful.items():
            part.load_state_dict(state[name])
        loop.journal_checkpoint()
    for log in (loop.metrics, loop.timings, *([loop.validator.log] if loop.validator else [])):
        log.truncate_after(loop.step if found else -1)
    if not loop.regimen.over or loop.regimen.has_more:
        loop.directory.set_results_aside()
    loop.journal.append("resume", loop.step, reference_id=loop.engine.reference_id, anew=found is None)
    loop.progress.event(f"resumed after step {loop.step}")
    _forget_missing_best(loop)


def _forget_missing_best(loop: Loop) -> None:
    """Know of no best checkpoint rather than of one that is gone, as after others were moved away."""
    best = loop.regimen.best.step
    if best is None or best in loop.checkpoints.steps():
        return
    loop.regimen.best = Best()
    message = f"the best checkpoint, of step {best}, is not there any more; what is best is told anew from here"
    loop.journal.ensure("warning", loop.step, ["message"], message=message)
    loop.progress.event(f"warning: {message}")
