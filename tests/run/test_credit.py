"""From judged groups to what is trained on and what is reported."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from prorl.algo.advantages import compares_groups
from prorl.engine.protocol import Completion, GroupRequest, SampledGroup
from prorl.errors import UserError
from prorl.recipe.load import validate
from prorl.recipe.schema import Recipe
from prorl.run.credit import credit
from prorl.run.judged import Collected, Judged, JudgedGroup
from prorl.run.observe import step_metrics, write_rollouts
from prorl.run.token_spans import TokenSpans
from prorl.tasks.contract import Message, Outcome, Problem, Verdict


def a_group(key: int, outcomes: str, task: str = "t") -> JudgedGroup:
    """One completion a letter: s solved, w wrong, u unparseable, t timeout, e error; the n-th has n + 1 tokens."""
    verdicts = {
        "s": Verdict(1.0, Outcome.SOLVED, 1.0), "w": Verdict(0.0, Outcome.WRONG, 1.0), "h": Verdict(0.5, Outcome.WRONG),
        "u": Verdict(0.0, Outcome.UNPARSEABLE), "t": Verdict(0.0, Outcome.TIMEOUT), "e": Verdict(0.0, Outcome.ERROR),
    }  # fmt: skip
    completions = tuple(Completion((7,) * (n + 1), (-0.5,) * (n + 1), n % 2 == 0) for n in range(len(outcomes)))
    judged = tuple(
        Judged(c, f"text {n}", verdicts[o]) for n, (c, o) in enumerate(zip(completions, outcomes, strict=True))
    )
    sampled = SampledGroup(GroupRequest(key, (1, 2)), completions, 0)
    return JudgedGroup(Problem.of(task, [Message("user", f"q{key}")], {}), sampled, judged, True, "mixed")


def settings(**changes: object) -> Recipe:
    data = {"name": "x", "model": "m", "tasks": [{"task": "toy/echo"}], "stages": [{"name": "a", "steps": 1}]}
    return validate({**data, "objective": {"advantage": "dr_grpo"}, "rollout": {"max_new_tokens": 4}, **changes}, "x")


def test_advantages_are_the_groups_own_and_unjudged_completions_are_left_out() -> None:
    first, second = credit([a_group(1, "swtw"), a_group(2, "sewss")], settings(), 0).groups
    assert first.advantages == pytest.approx((2 / 3, -1 / 3, -1 / 3))
    assert [len(c.tokens) for c in first.sampled.completions] == [1, 2, 4]
    assert second.advantages == pytest.approx((1 / 4, -3 / 4, 1 / 4, 1 / 4))
    assert [len(c.tokens) for c in second.sampled.completions] == [1, 3, 4, 5]


def test_metrics_count_what_happened() -> None:
    refused = JudgedGroup(*(getattr(a_group(3, "uu", "other"), n) for n in ("problem", "sampled", "completions")),
                          admitted=False, reason="none_solved")  # fmt: skip
    groups = [a_group(1, "swhe"), a_group(2, "swtw"), refused]
    metrics = step_metrics("one", Collected(groups=groups, kept=groups[:2]), None, None)
    assert metrics["reward"] == pytest.approx((1 + 0 + 0.5 + 1 + 0 + 0 + 0 + 0) / 8)
    assert metrics["solved"] == pytest.approx(2 / 8)
    assert metrics["tolerant"] == pytest.approx(5 / 8)
    assert (metrics["verifier_errors"], metrics["verifier_timeouts"]) == (1, 1)
    assert metrics["unparseable"] == pytest.approx(2 / 10)
    assert metrics["effective_prompts"] == pytest.approx(2 / 3)
    assert metrics["length_mean"] == pytest.approx((10 + 10 + 3) / 10)
    assert metrics["truncated"] == pytest.approx(5 / 10)
    assert (metrics["solved/t"], metrics["solved/other"]) == (pytest.approx(2 / 6), 0.0)
    assert (metrics["effective/t"], metrics["effective/other"]) == (1.0, 0.0)
    assert "loss" not in metrics
    assert metrics["verifier_failures"] == pytest.approx(2 / 10)
    assert metrics["zero_signal"] == pytest.approx(1 / 3)
    assert metrics["repetition"] == 0.0


def test_the_share_of_informative_groups_is_told_by_task_and_by_domain() -> None:
    tasks = ("reasoning_gym/gcd", "reasoning_gym/lcm@easy", "math/generated")
    groups = [a_group(number, "sw", task) for number, task in enumerate(tasks)]
    groups[1] = JudgedGroup(groups[1].problem, groups[1].sampled, groups[1].completions, False, "none_solved")
    metrics = step_metrics("one", Collected(groups=groups), None, None)
    found = {name: value for name, value in metrics.items() if name.startswith("effective/")}
    assert found == {
        "effective/reasoning_gym/gcd": 1.0, "effective/reasoning_gym/lcm@easy": 0.0, "effective/logic": 0.5,
        "effective/math/generated": 1.0, "effective/math": 1.0,
    }  # fmt: skip


def of_kind(key: int, outcomes: str, reason: str) -> JudgedGroup:
    """A group as a gate that is off leaves it: admitted whatever it is like."""
    return replace(a_group(key, outcomes), reason=reason)


def test_without_dynamic_sampling_groups_without_a_signal_are_counted_as_such() -> None:
    groups = [of_kind(1, "ss", "all_solved"), of_kind(2, "ww", "none_solved"), of_kind(3, "sw", "mixed")]
    metrics = step_metrics("one", Collected(groups=groups, kept=groups), None, None)
    assert (metrics["groups_all_solved"], metrics["groups_none_solved"], metrics["groups_admitted"]) == (1, 1, 3)
    assert metrics["zero_signal"] == pytest.approx(2 / 3)
    assert metrics["effective_prompts"] == pytest.approx(1 / 3)


def test_where_groups_are_compared_with_one_another_alike_samples_of_a_group_are_a_signal_too() -> None:
    """As `reinforce_pp` does it: what was never solved is pushed down against what always was."""
    across = [of_kind(1, "ss", "all_solved"), of_kind(2, "ww", "none_solved")]
    refused = replace(of_kind(3, "ee", "too_few_valid"), admitted=False)
    alike = [of_kind(1, "ss", "all_solved"), of_kind(2, "ss", "all_solved")]
    for groups, by_group, by_batch in ((across, 1, 0), ([*across, refused], 1, 1 / 3), (alike, 1, 1)):
        for preset, share in (("grpo", by_group), ("reinforce_pp_baseline", by_group), ("reinforce_pp", by_batch)):
            metrics = step_metrics("one", Collected(groups=groups), None, None, compares_groups(preset))
            assert metrics["zero_signal"] == pytest.approx(share)


def test_repetition_is_the_share_of_eight_grams_that_came_before() -> None:
    group = a_group(1, "w")
    looped = replace(group.completions[0], completion=Completion((1, 2) * 8, (-0.5,) * 16, False))
    metrics = step_metrics("one", Collected(groups=[replace(group, completions=(looped,))]), None, None)
    assert metrics["repetition"] == pytest.approx(7 / 9)  # nine 8-grams, of which two are different


def test_a_step_without_a_valid_judgement_has_no_reward_rather_than_zero() -> None:
    assert math.isnan(float(step_metrics("one", Collected(groups=[a_group(1, "ee")]), None, None)["reward"]))


def test_rollouts_show_every_completion_with_its_verdict_and_advantage(tmp_path: Path) -> None:
    kept, dropped = a_group(1, "swe"), a_group(2, "ww")
    trained = credit([kept], settings(), 0).groups
    collected = Collected(groups=[kept, dropped], kept=[kept])
    spans = TokenSpans(lambda tokens: "".join(f"<{token}>" for token in tokens))
    write_rollouts(tmp_path / "rollouts.jsonl", collected, trained, spans)
    first, second = (json.loads(line) for line in (tmp_path / "rollouts.jsonl").read_text().splitlines())
    assert [c["advantage"] for c in first["completions"]] == [pytest.approx(0.5), pytest.approx(-0.5), None]
    assert [c["outcome"] for c in first["completions"]] == ["solved", "wrong", "error"]
    assert [c["advantage"] for c in second["completions"]] == [None, None]
    assert (first["question"], first["task"]) == ("q1", "t")
    tokens = kept.completions[2].completion
    assert first["completions"][2]["token_logprobs"] == pytest.approx(tokens.logprobs, abs=5e-4)
    assert first["completions"][2]["token_chars"] is None, "the text is not what these tokens decode to"


def test_shapers_act_in_order_on_what_advantages_see_and_on_nothing_else() -> None:
    """Completions of 1 to 4 tokens; the second and the fourth were cut off."""
    shaping = [{"kind": "stop_properly", "penalty": 0.5}, {"kind": "zero_past", "length": 2}]
    credited = credit([a_group(1, "ssww")], settings(shaping=shaping), 0)
    assert credited.shaped_reward == pytest.approx((1.0 - 0.5 + 0.0 + 0.0) / 4)
    assert credited.groups[0].advantages == pytest.approx((0.875, -0.625, -0.125, -0.125))
    assert step_metrics("one", Collected(groups=[a_group(1, "ssww")]), 0.125, None)["reward"] == pytest.approx(0.5)


@pytest.mark.parametrize(("steps_done", "on"), [(0, True), (2, True), (3, False), (4, False), (5, True)])
def test_the_cosine_schedule_goes_by_the_runs_steps(steps_done: int, on: bool) -> None:
    shaping = [{"kind": "cosine_length", "weight": 1.0, "low": -1.0, "high": 0.0, "steps_on": 3, "steps_off": 2}]
    shaped = credit([a_group(1, "ssss")], settings(shaping=shaping), steps_done).shaped_reward
    expected = sum((1 + math.cos(math.pi * t / 4)) / 2 for t in (1, 2, 3, 4)) / 4 if on else 1.0
    assert shaped == pytest.approx(expected)


def test_pass_at_k_advantages_by_name() -> None:
    objective = {"advantage": "pass_at_k", "pass_at": 2}
    (group,) = credit([a_group(1, "swww")], settings(objective=objective), 0).groups
    passed = 1 - 3 / 6  # pairs without the success: 3 of 6
    deviation = math.sqrt(passed * (1 - passed))
    assert group.advantages[0] == pytest.approx((1 - passed) / deviation)
    assert group.advantages[1] == pytest.approx((1 - passed - 2 / 3) / deviation)


def test_a_shaper_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shapers_of_ones_own.py").write_text(
        "class Scaled:\n"
        "    def __init__(self, by): self.by = by\n"
        "    def __call__(self, rewards, completions): return rewards * self.by + completions.lengths\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    spec = {"kind": "custom", "shaper": "shapers_of_ones_own:Scaled", "options": {"by": 10}}
    assert credit([a_group(1, "ssww")], settings(shaping=[spec]), 0).shaped_reward == pytest.approx((20 + 10) / 4)
    with pytest.raises(UserError, match=r"shaping: shapers_of_ones_own:Scaled can't be called with these options"):
        credit([a_group(1, "ssww")], settings(shaping=[{**spec, "options": {}}]), 0)
