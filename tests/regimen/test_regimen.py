"""What is decided after a step: when stages end, when to reset, go back, pause or stop, and in which order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prorl.boundary.intervals import Interval
from prorl.recipe.load import validate
from prorl.recipe.schema import Recipe
from prorl.recipe.stages import Reset
from prorl.regimen.asked import Asked
from prorl.regimen.decisions import Decision, EndStage, EnterStage, Pause, ResetReference, Stop, Warn
from prorl.regimen.regimen import Regimen
from prorl.regimen.validation import Validated

STAGES = [
    {"name": "a", "steps": 3},
    {"name": "b", "steps": 1, "reset": {"clear_optimizer": False}},
    {"name": "c", "steps": 4, "reset": {}},
]
ENTRY_B = ResetReference("current", 3, False, "entry of stage 'b'")
ENTRY_C = ResetReference("current", 4, True, "entry of stage 'c'")


def a_recipe(**changes: Any) -> Recipe:
    data = {"name": "x", "model": "m", "tasks": [{"task": "toy/echo"}], "stages": STAGES, "checkpoint": {"every": 2}}
    return validate({**data, **changes}, "a test")


def one_stage(steps: int = 100, **changes: Any) -> Recipe:
    return a_recipe(stages=[{"name": "only", "steps": steps, **changes.pop("stage", {})}], **changes)


def validated(step: int, *rates: float) -> Validated:
    mean = sum(rates) / len(rates)
    return Validated(step, {"toy/echo": rates}, Interval(mean, 0, 1), Interval(mean, 0, 1), 4)


def begun(recipe: Recipe, first: Validated | None = None) -> Regimen:
    regimen = Regimen(recipe)
    assert regimen.begin(first) == [EnterStage(0)]
    return regimen


def follow(regimen: Regimen, steps: int, **metrics: float) -> dict[int, list[Decision]]:
    """What is decided after each of so many steps, where it is anything."""
    found = {step: regimen.after(step, metrics) for step in range(1, steps + 1)}
    return {step: decided for step, decided in found.items() if decided}


def test_a_stage_ends_after_its_steps_and_the_next_begins_with_its_reset() -> None:
    regimen = begun(a_recipe())
    assert regimen.steps_left() == 8
    assert follow(regimen, 8) == {
        3: [EndStage(0, "3 steps done"), EnterStage(1), ENTRY_B],
        4: [EndStage(1, "1 steps done"), EnterStage(2), ENTRY_C],
        8: [EndStage(2, "4 steps done")],
    }
    assert regimen.over
    assert regimen.steps_left() == 0


def test_steps_left_are_a_bound_as_long_as_a_stage_ahead_may_end_early() -> None:
    early = [*STAGES[:1], {**STAGES[1], "until": {"target": {"metric": "reward", "at_least": 2}}}, STAGES[2]]
    for stages, bounds in ((STAGES, [False] * 4), (early, [True, True, True, False])):
        regimen = begun(a_recipe(stages=stages))
        found = []
        for step in range(1, 5):
            regimen.after(step, {"reward": 0.0})
            found.append(regimen.may_end_early)
        assert found == bounds


def test_a_checkpoint_is_due_regularly_and_wherever_more_than_a_word_was_said() -> None:
    regimen = begun(a_recipe())
    due = {step: regimen.checkpoint_due(step, regimen.after(step, {})) for step in range(1, 9)}
    assert [step for step in due if due[step]] == [2, 3, 4, 6, 8]
    assert not regimen.checkpoint_due(7, [Warn("x")])
    assert regimen.checkpoint_due(7, [Pause("x")])


def test_a_target_ends_a_stage_once_its_mean_is_reached() -> None:
    until = {"target": {"metric": "solved", "at_least": 0.5, "window": 2}}
    regimen = begun(a_recipe(stages=[{"name": "a", "steps": 50, "until": until}, {"name": "b", "steps": 1}]))
    for step, solved in enumerate([0.9, 0.0, float("nan"), 0.4], start=1):
        assert regimen.after(step, {"solved": solved}) == []
    assert regimen.after(5, {"reward": 1.0}) == []
    reason = "solved is 0.5 in the mean of 2, the target was 0.5"
    assert regimen.after(6, {"solved": 0.6}) == [EndStage(0, reason), EnterStage(1)]


def test_a_count_is_a_target_as_well_and_is_told_in_full() -> None:
    until = {"target": {"metric": "prompts_so_far", "at_least": 16_000}}
    regimen = begun(a_recipe(stages=[{"name": "a", "steps": 50, "until": until}, {"name": "b", "steps": 1}]))
    assert regimen.after(1, {"prompts_so_far": 15_999}) == []
    reason = "prompts_so_far is 16,004, the target was 16,000"
    assert regimen.after(2, {"prompts_so_far": 16_004}) == [EndStage(0, reason), EnterStage(1)]


def test_a_plateau_ends_a_stage_and_progress_puts_it_off() -> None:
    until = {"plateau": {"patience": 2, "min_gain": 0.02}}
    recipe = one_stage(stage={"until": until}, validation={"every": 1}, evaluation=None)
    level = [0.2, 0.3, 0.25, 0.2, 0.3, 0.2]
    better = [rate + 0.3 for rate in level]
    slightly = [rate + 0.01 for rate in level]  # sure, but less than the least gain
    regimen = begun(recipe, validated(0, *level))
    assert regimen.after(1, {}, validated(1, *slightly)) == []
    assert regimen.after(2, {}, validated(2, *better)) == []
    assert regimen.after(3, {}, validated(3, *better)) == []
    assert regimen.after(4, {}) == []  # no validation, nothing to say
    assert regimen.after(5, {}, validated(5, *level)) == [EndStage(0, "no progress in 2 validations")]


def test_noise_is_no_progress() -> None:
    """A mean that is higher because one problem of six went well says nothing."""
    until = {"plateau": {"patience": 1}}
    recipe = one_stage(stage={"until": until}, validation={"every": 1})
    regimen = begun(recipe, validated(0, 0.2, 0.3, 0.25, 0.2, 0.3, 0.2))
    noise = validated(1, 0.0, 0.9, 0.1, 0.3, 0.2, 0.4)
    assert regimen.after(1, {}, noise) == [EndStage(0, "no progress in 1 validations")]


def test_rules_reset_and_a_cool_down_keeps_them_from_thrashing() -> None:
    regimen = begun(one_stage(resets={"every": 4, "cooldown": 0}))
    assert list(follow(regimen, 13)) == [4, 8, 12]
    rules = {"kl_above": 0.1, "window": 3, "cooldown": 5, "clear_optimizer": False}
    regimen = begun(one_stage(resets=rules))
    found = follow(regimen, 17, kl=0.2)
    assert list(found) == [5, 10, 15]
    assert found[5] == [
        ResetReference("current", 5, False, "KL is 0.2 nats per token in the mean of 3 steps, above 0.1")
    ]


def test_a_window_is_measured_anew_after_a_reset() -> None:
    regimen = begun(one_stage(resets={"kl_above": 0.1, "window": 4, "cooldown": 0}))
    assert list(follow(regimen, 9, kl=0.2)) == [4, 8]


@pytest.mark.parametrize(("entropy", "word"), [(0.05, "below 0.1"), (2.5, "above 2")])
def test_entropy_out_of_its_band_resets(entropy: float, word: str) -> None:
    regimen = begun(one_stage(resets={"entropy_below": 0.1, "entropy_above": 2.0, "window": 2, "cooldown": 0}))
    (reset,) = follow(regimen, 2, entropy=entropy)[2]
    assert isinstance(reset, ResetReference)
    assert word in reset.reason
    assert follow(begun(one_stage(resets={"entropy_below": 0.1, "window": 2})), 5, entropy=0.5) == {}


def test_a_plateau_resets_and_patience_begins_anew() -> None:
    rules = {"plateau": {"patience": 2}, "cooldown": 0, "to": "best"}
    regimen = begun(one_stage(resets=rules, validation={"every": 1}), validated(0, 0.5, 0.5))
    found = {step: regimen.after(step, {}, validated(step, 0.4, 0.3)) for step in range(1, 6)}
    reason = "no progress in 2 validations"
    assert found[2] == [ResetReference("best", 0, True, reason)]
    assert found[4] == [ResetReference("best", 0, True, reason)]
    assert found[1] == found[3] == found[5] == []


def test_the_best_step_is_that_of_the_highest_validation_and_ties_keep_the_first() -> None:
    regimen = begun(one_stage(validation={"every": 1}), validated(0, 0.1))
    bests = []
    for step, rate in enumerate([0.3, 0.2, 0.3, 0.5], start=1):
        regimen.after(step, {"reward": 9.0}, validated(step, rate))
        bests.append(regimen.best.step)
    assert bests == [1, 1, 1, 4]
    assert regimen.checkpoint_due(4, [])


def test_without_validation_the_best_is_told_by_the_reward_of_the_last_steps_at_checkpoints() -> None:
    regimen = begun(one_stage(checkpoint={"every": 3}))
    bests = []
    for step, reward in enumerate([0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0, 0, 0, 0, 0, 0], start=1):
        regimen.after(step, {"reward": reward})
        bests.append(regimen.best.step)
    assert bests == [None, None, 3, 3, 3, 6, 6, 6, 6, 6, 6, 6]


GUARD = {"custom": {"g": {"signal": "x", "above": 1.0, "window": 1, "action": "roll_back"}}, "cooldown": 0}


def test_a_guard_that_wants_to_go_back_with_nowhere_to_go_stops_the_run() -> None:
    regimen = begun(one_stage(health=GUARD))
    (decision,) = regimen.after(1, {"x": 2.0})
    assert isinstance(decision, Stop)
    assert "there is no checkpoint to go back to" in decision.reason
    assert not decision.asked


NOWHERE = Stop("g: x is 2 in step 3, above 1; there is no checkpoint to go back to")


def test_a_roll_back_with_nowhere_to_go_stops_the_run_after_the_reset_on_a_stages_entry() -> None:
    """Or the new stage would go on, once resumed, with the reference policy of the one before."""
    regimen = begun(a_recipe(health=GUARD, checkpoint={"every": 100}))
    follow(regimen, 2)
    assert regimen.after(3, {"x": 2.0}) == [EndStage(0, "3 steps done"), EnterStage(1), ENTRY_B, NOWHERE]


def test_a_roll_back_with_nowhere_to_go_stops_the_run_after_a_rules_reset() -> None:
    rules = {"every": 3, "cooldown": 0, "clear_optimizer": False}
    regimen = begun(one_stage(health=GUARD, resets=rules, checkpoint={"every": 100}))
    follow(regimen, 2)
    reset = ResetReference("current", 3, False, "3 steps since the last reset")
    assert regimen.after(3, {"x": 2.0}) == [reset, NOWHERE]


def test_a_person_who_stops_goes_before_a_roll_back_with_nowhere_to_go_and_both_are_told() -> None:
    regimen = begun(one_stage(health=GUARD))
    assert regimen.after(1, {"x": 2.0}, None, [Asked("1", "stop")]) == [
        Warn("g: x is 2 in step 1, above 1"),
        Stop("asked for by a person", asked=True),
    ]


def test_a_stage_whose_entry_goes_back_with_nowhere_to_go_makes_the_current_policy_the_reference() -> None:
    """The verifier failed in every validation so far, so that none of them told a best checkpoint."""
    stages = [STAGES[0], {**STAGES[1], "reset": {"to": "best", "clear_optimizer": False}}]
    regimen = begun(a_recipe(stages=stages, validation={"every": 100}))
    assert follow(regimen, 3)[3] == [
        EndStage(0, "3 steps done"), EnterStage(1),
        Warn("entry of stage 'b': there is no best checkpoint to go back to, so the policy stays as it is"), ENTRY_B,
    ]  # fmt: skip


def test_only_roll_backs_that_are_made_count() -> None:
    """A person's reset goes before three that a guard asks for; then three are made, and the next one stops the run."""
    regimen = begun(one_stage(health=GUARD, validation={"every": 1}), validated(0, 0.9))
    for step in range(1, 4):
        asked = [Asked(str(step), "reset", Reset())]
        decided = regimen.after(step, {"x": 2.0}, None, asked)
        assert [type(decision) for decision in decided] == [Warn, ResetReference]
    for step in range(4, 7):
        (back,) = regimen.after(step, {"x": 2.0})
        assert isinstance(back, ResetReference)
        assert (back.source, back.step) == ("best", 0)
    reason = "g: x is 2 in step 7, above 1; 3 roll-backs have not helped"
    assert regimen.after(7, {"x": 2.0}) == [Stop(reason)]


def test_a_guards_reset_counts_as_no_roll_back() -> None:
    guard = {**GUARD["custom"]["g"], "action": "reset"}
    health = {"custom": {"g": guard, "r": {**guard, "signal": "y", "action": "roll_back"}}, "cooldown": 0}
    regimen = begun(one_stage(health={**health, "most_roll_backs": 1}, validation={"every": 1}), validated(0, 0.9))
    follow(regimen, 3, x=2.0)
    (back,) = regimen.after(4, {"y": 2.0})
    assert isinstance(back, ResetReference)


def failing(step: int, failures: float, *rates: float | None) -> Validated:
    known = [rate for rate in rates if rate is not None]
    mean = sum(known) / len(known) if known else float("nan")
    interval = Interval(mean, 0, 1)
    return Validated(step, {"toy/echo": rates}, interval, interval, 4, failures)


def test_a_validation_in_which_the_verifier_failed_too_often_steers_nothing_and_is_told() -> None:
    """It ends no stage, neither by a plateau nor by a target, calls for no reset and is no best."""
    until = {"plateau": {"patience": 1}, "target": {"metric": "validation/pass_1", "at_least": 0.95}}
    rules = {"plateau": {"patience": 1}, "cooldown": 0}
    recipe = one_stage(stage={"until": until}, resets=rules, validation={"every": 1})
    regimen = begun(recipe, validated(0, 0.5, 0.5, 0.5))
    for step, found in enumerate([failing(1, 0.3, 1.0, 1.0, 1.0), failing(2, 1.0, None, None, None)], start=1):
        (warning,) = regimen.after(step, {}, found)
        share = "30 %" if step == 1 else "100 %"
        assert warning == Warn(
            f"validation: {share} of its verdicts are errors or timeouts; it counts neither for the best checkpoint "
            "nor for a plateau or a target"
        )
        assert regimen.best.step == 0
    assert regimen.after(3, {}, failing(3, 0.25, 0.4, 0.5, 0.5)) == [EndStage(0, "no progress in 1 validations")]


def test_how_often_the_verifier_may_fail_is_what_its_guard_says() -> None:
    guard = {"health": {"verifier_failures": {"above": 0.5}}, "validation": {"every": 1}}
    regimen = begun(one_stage(**guard), validated(0, 0.5))
    assert regimen.after(1, {}, failing(1, 0.4, 0.9)) == []
    assert regimen.best.step == 1
    off = begun(one_stage(health=None, validation={"every": 1}), validated(0, 0.5))
    assert off.after(1, {}, failing(1, 0.9, 0.9)) == []
    assert len(off.after(2, {}, failing(2, 1.0, None))) == 1  # of no verdict at all nothing can be made
    assert off.best.step == 1


def test_a_validation_without_a_verdict_on_a_whole_task_does_not_count() -> None:
    regimen = begun(one_stage(validation={"every": 1}), validated(0, 0.5))
    interval = Interval(0.9, 0, 1)
    lost = Validated(1, {"a": (0.9, 0.9), "b": (None,)}, interval, interval, 4, 0.1)
    (warning,) = regimen.after(1, {}, lost)
    assert isinstance(warning, Warn)
    assert warning.reason.startswith("validation: b has no verdict that is no error or timeout; it counts neither")
    assert regimen.best.step == 0


def test_progress_is_held_against_the_problems_that_have_a_verdict_in_both_validations() -> None:
    until = {"plateau": {"patience": 1, "min_gain": 0.05}}
    regimen = begun(one_stage(stage={"until": until}, validation={"every": 1}), validated(0, 0.1, 0.2, 0.3, 0.9))
    assert regimen.after(1, {}, failing(1, 0.1, 0.4, 0.5, 0.6, None)) == []  # though the mean of all is no higher
    state = json.loads(json.dumps(regimen.state_dict(), allow_nan=False))
    again = Regimen(one_stage(stage={"until": until}, validation={"every": 1}))
    again.load_state_dict(state)
    end = [EndStage(0, "no progress in 1 validations")]
    assert again.after(2, {}, validated(2, 0.4, 0.5, 0.6, 1.0)) == end


def test_the_first_validation_counts_only_if_the_verifier_worked() -> None:
    regimen = Regimen(one_stage(validation={"every": 1}, stage={"until": {"plateau": {"patience": 1}}}))
    entered, warning = regimen.begin(failing(0, 0.9, 0.0, 0.0))
    assert (entered, type(warning)) == (EnterStage(0), Warn)
    assert regimen.best.step is None
    assert regimen.after(1, {}, validated(1, 0.5, 0.5)) == []  # what later ones are held against
    assert regimen.best.step == 1


def test_only_one_reset_is_made_and_a_persons_comes_first_and_the_alarm_is_told() -> None:
    recipe = a_recipe(health=GUARD, resets={"every": 1, "cooldown": 0}, validation={"every": 1})
    regimen = begun(recipe, validated(0, 0.9))
    asked = Asked("1", "reset", Reset(clear_optimizer=False))
    assert regimen.after(1, {"x": 2.0}, None, [asked]) == [
        Warn("g: x is 2 in step 1, above 1"),
        ResetReference("current", 1, False, "asked for by a person"),
    ]
    (reset,) = regimen.after(2, {"x": 2.0})
    assert isinstance(reset, ResetReference)
    assert (reset.source, reset.step) == ("best", 0)
    assert regimen.after(3, {"x": 0.0}) == [EndStage(0, "3 steps done"), EnterStage(1), ENTRY_B]


def test_of_guards_that_fire_together_the_severest_acts_and_all_are_told() -> None:
    guards = {
        name: {"signal": name, "above": 1.0, "window": 1, "action": action}
        for name, action in (("a", "reset"), ("b", "stop"), ("c", "stop"), ("d", "pause"), ("e", "warn"))
    }
    regimen = begun(one_stage(health={"custom": guards}))
    said = {name: f"{name}: {name} is 2 in step 1, above 1" for name in guards}
    assert regimen.after(1, dict.fromkeys(guards, 2.0)) == [
        Warn(said["c"]), Warn(said["d"]), Warn(said["e"]),
        ResetReference("current", 1, True, said["a"]), Stop(said["b"]),
    ]  # fmt: skip


def test_a_person_who_asks_for_the_best_before_there_is_one_is_told_and_the_run_goes_on() -> None:
    regimen = begun(one_stage())
    asked = Asked("1", "reset", Reset(to="best"))
    (decision,) = regimen.after(1, {}, None, [asked])
    assert decision == Warn("a reset to the best checkpoint was asked for, and there is none yet; nothing was done")
    assert regimen.after(2, {}, None, [asked]) == []


def test_a_request_is_seen_to_once() -> None:
    regimen = begun(one_stage())
    asked = [Asked("1", "reset", Reset())]
    assert len(regimen.after(1, {}, None, asked)) == 1
    assert regimen.after(2, {}, None, asked) == []
    state = json.loads(json.dumps(regimen.state_dict()))
    again = Regimen(one_stage())
    again.load_state_dict(state)
    assert again.after(3, {}, None, asked) == []


def test_stopping_comes_before_pausing_and_after_the_reset() -> None:
    regimen = begun(one_stage())
    asked = [Asked("1", "pause"), Asked("2", "stop"), Asked("3", "reset", Reset())]
    decided = regimen.after(1, {}, None, asked)
    assert [type(decision) for decision in decided] == [ResetReference, Stop]
    assert regimen.after(2, {}, None, [Asked("4", "pause")]) == [Pause("asked for by a person")]


def test_a_pause_that_is_taken_back_within_the_step_holds_nothing_up() -> None:
    regimen = begun(one_stage())
    assert regimen.after(1, {}, None, [Asked("1", "pause"), Asked("2", "continue")]) == []
    asked = [Asked("3", "pause"), Asked("4", "continue"), Asked("5", "pause")]
    assert regimen.after(2, {}, None, asked) == [Pause("asked for by a person")]


def test_no_rule_fires_once_the_run_is_over() -> None:
    regimen = begun(one_stage(steps=2, resets={"every": 2, "cooldown": 0}))
    assert follow(regimen, 2) == {2: [EndStage(0, "2 steps done")]}


@pytest.mark.parametrize("cut", range(1, 24))
def test_its_state_carries_over(cut: int) -> None:
    """Every kind of decision, cut anywhere: JSON in between, and the same decisions after."""
    stages = [
        {"name": "a", "steps": 30, "until": {"plateau": {"patience": 3}, "target": {"metric": "x", "at_least": 5.0}}},
        {"name": "b", "steps": 6, "reset": {"to": "best"}, "set": {"resets.every": 3, "resets.plateau": None}},
        {"name": "c", "steps": 6, "until": {"target": {"metric": "reward", "at_least": 0.3, "window": 4}}},
    ]
    rules = {"kl_above": 0.1, "window": 3, "cooldown": 2, "plateau": {"patience": 2}}
    recipe = a_recipe(stages=stages, resets=rules, health={**GUARD, "cooldown": 4}, validation={"every": 2})

    def after(regimen: Regimen, step: int) -> list[Decision]:
        metrics = {"kl": 0.03 * (step % 7), "x": float(step % 9 == 0) * 2, "reward": 0.1 * (step % 5)}
        return regimen.after(step, metrics, validated(step, 0.3, 0.02 * step) if step % 2 == 0 else None)

    whole = begun(recipe, validated(0, 0.1, 0.1))
    expected = [after(whole, step) for step in range(1, 25)]
    kinds = {type(decision) for decided in expected for decision in decided}
    assert kinds >= {EndStage, EnterStage, ResetReference}
    first = begun(recipe, validated(0, 0.1, 0.1))
    for step in range(1, cut + 1):
        after(first, step)
    second = Regimen(recipe)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert [after(second, step) for step in range(cut + 1, 25)] == expected[cut:]


def test_values_of_another_metric_are_not_held_against_a_changed_target() -> None:
    def aiming_at(metric: str, at_least: float) -> Regimen:
        return begun(one_stage(stage={"until": {"target": {"metric": metric, "at_least": at_least, "window": 3}}}))

    before, after, same = aiming_at("length_mean", 500), aiming_at("reward", 0.6), aiming_at("length_mean", 90)
    follow(before, 2, length_mean=100.0, reward=0.1)
    for regimen in (after, same):
        regimen.load_state_dict(json.loads(json.dumps(before.state_dict())))
    assert after.after(3, {"length_mean": 100.0, "reward": 0.1}) == []
    assert same.after(3, {"length_mean": 100.0}) == [
        EndStage(0, "length_mean is 100 in the mean of 3, the target was 90")
    ]


def test_a_checkpoint_that_does_not_tell_how_the_run_ended_ended_by_its_steps() -> None:
    regimen = begun(one_stage(steps=3))
    follow(regimen, 3)
    state = json.loads(json.dumps(regimen.state_dict()))
    del state["ended_by"]
    for steps, more in ((3, False), (5, True)):
        later = Regimen(one_stage(steps=steps))
        later.load_state_dict(state)
        assert later.has_more == more
