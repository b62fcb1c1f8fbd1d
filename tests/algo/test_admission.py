from __future__ import annotations

import json
import math
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prorl.algo.admission import Gate
from prorl.errors import UserError

score = st.one_of(st.none(), st.just(math.nan), st.sampled_from([0.0, 0.5, 1.0]))
groups = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["maths", "code"]), st.lists(score, max_size=4)))


def slow_reason(scores):
    valid = [s for s in scores if s is not None and s == s]
    if len(valid) < 2:
        return "too_few_valid"
    if set(valid) == {1.0}:
        return "all_solved"
    if set(valid) == {0.0}:
        return "none_solved"
    return "all_equal" if len(set(valid)) == 1 else "mixed"


@given(groups)
def test_admits_exactly_the_groups_whose_valid_scores_differ(visits):
    gate, counted = Gate(), {"maths": Counter(), "code": Counter()}
    for problem, domain, scores in visits:
        admission = gate.admit(problem, domain, scores)
        assert admission.reason == slow_reason(scores)
        assert admission.admitted == (admission.reason == "mixed")
        counted[domain][admission.reason] += 1
    metrics = gate.metrics()
    for domain, reasons in counted.items():
        for reason, count in reasons.items():
            assert metrics[f"{domain}/{reason}"] == count
    report = gate.end_step(wanted=0, admitted=0)
    assert report.judged == len(visits)
    assert gate.metrics() == metrics


def test_the_counts_are_of_one_step_and_stay_until_the_next_has_begun():
    gate = Gate()
    gate.admit("a", "maths", [0.0, 1.0])
    gate.admit("b", "code", [0.0, 0.0])
    gate.end_step(1, 1)
    assert (gate.metrics()["maths/mixed"], gate.metrics()["code/none_solved"]) == (1, 1)
    gate.admit("c", "maths", [1.0, 1.0])
    assert gate.metrics()["maths/all_solved"] == 1
    assert "maths/mixed" not in gate.metrics()
    assert "code/none_solved" not in gate.metrics()
    assert gate.end_step(1, 0).judged == 1
    idle = gate.end_step(1, 0)
    assert (idle.judged, idle.message) == (0, "training on 0 of 1 groups: 0 were sampled (none rejected)")
    assert "maths/all_solved" not in gate.metrics()


def test_groups_whose_scores_are_alike_are_told_apart_by_the_score():
    reasons = [Gate().admit("a", "maths", [score, None, score]).reason for score in (0.0, 0.5, 1.0)]
    assert reasons == ["none_solved", "all_equal", "all_solved"]


def test_scores_past_the_threshold_are_all_solved_though_they_differ():
    assert Gate(success=0.9).admit("a", "maths", [0.95, 1.0]).reason == "all_solved"
    assert Gate().admit("a", "maths", [0.95, 1.0]).reason == "mixed"


def test_a_disabled_gate_admits_what_can_be_trained_on_and_still_counts():
    gate = Gate(enabled=False)
    assert gate.admit("a", "maths", [1.0, 1.0]).admitted
    assert gate.admit("b", "maths", [0.0, 1.0]).reason == "mixed"
    assert gate.admit("c", "maths", [0.5]).admitted
    assert not gate.admit("d", "maths", [None, None]).admitted
    assert gate.metrics()["maths/all_solved"] == 1
    assert gate.prompts_to_request(7) == 7


def test_a_disabled_gate_says_what_a_group_is_like_all_the_same():
    gate, groups = Gate(enabled=False), ([1.0, 1.0], [0.0, 0.0], [0.5, 0.5], [0.0, 1.0], [None], [1.0, None])
    reasons = [gate.admit("a", "maths", scores).reason for scores in groups]
    assert reasons == ["all_solved", "none_solved", "all_equal", "mixed", "too_few_valid", "all_solved"]


def test_over_sampling_follows_the_running_acceptance_rate():
    gate = Gate(memory=20)
    assert gate.prompts_to_request(8) == 16
    for i in range(200):
        gate.admit("a", "maths", [0.0, 1.0] if i % 3 == 0 else [0.0, 0.0])
    assert gate.acceptance_rate() == pytest.approx(1 / 3, abs=0.05)
    assert gate.prompts_to_request(8) == math.ceil(8 / gate.acceptance_rate())
    for _ in range(200):
        gate.admit("a", "maths", [0.0, 1.0])
    assert gate.prompts_to_request(8) in (8, 9)
    for _ in range(500):
        gate.admit("a", "maths", [0.0, 0.0])
    assert gate.prompts_to_request(8) == 32
    assert gate.prompts_to_request(0) == gate.prompts_to_request(-1) == 0


def test_the_rate_forgets_half_after_its_memory():
    gate = Gate(memory=50)
    for _ in range(2000):
        gate.admit("a", "maths", [0.0, 1.0])
    for _ in range(50):
        gate.admit("a", "maths", [0.0, 0.0])
    assert gate.acceptance_rate() == pytest.approx(0.5, abs=1e-9)


def test_rates_are_kept_for_each_domain():
    gate = Gate()
    for _ in range(500):
        gate.admit("a", "easy", [1.0, 1.0])
        gate.admit("b", "right", [0.0, 1.0])
    assert gate.acceptance_rate("easy") < 0.01
    assert gate.acceptance_rate("right") > 0.99
    assert gate.acceptance_rate() == pytest.approx(0.5, abs=0.01)
    assert gate.acceptance_rate("never seen") == 0.5
    assert gate.metrics()["easy/acceptance_rate"] == gate.acceptance_rate("easy")


SOLVED, MIXED, LONE, ERRORED = [1.0, None, 1.0], [1.0, 0.0], [1.0], [None, math.nan]


@given(st.lists(st.sampled_from([SOLVED, SOLVED, SOLVED, MIXED, LONE, ERRORED]), max_size=30), st.integers(1, 4))
@example([SOLVED, ERRORED, SOLVED], 2)
@example([SOLVED, MIXED, SOLVED], 2)
@example([SOLVED, LONE, SOLVED], 2)
def test_retires_what_was_solved_in_each_of_the_last_visits(visits, m):
    gate, seen, retired = Gate(retire_after=m), [], False
    for scores in visits:
        gate.admit("a", "maths", scores)
        valid = [s for s in scores if s is not None and s == s]
        if valid:
            seen.append(len(valid) > 1 and set(valid) == {1.0})
        retired = retired or (len(seen) >= m and all(seen[-m:]))
        assert gate.is_retired("a") == retired
    assert not gate.is_retired("b")


def test_never_retires_unless_asked_and_takes_back_what_is_reinstated():
    gate = Gate()
    for _ in range(100):
        gate.admit("a", "maths", [1.0, 1.0])
    assert not gate.is_retired("a")
    assert gate.state_dict()["streaks"] == {}
    gate = Gate(retire_after=2)
    for _ in range(2):
        gate.admit("a", "maths", [1.0, 1.0])
    assert gate.is_retired("a")
    assert gate.metrics()["retired"] == 1
    assert gate.reinstate() == 1
    assert not gate.is_retired("a")
    gate.admit("a", "maths", [1.0, 1.0])
    assert not gate.is_retired("a")


def test_an_exhausted_step_says_so_and_is_counted():
    gate = Gate()
    gate.admit("a", "maths", [0.0, 1.0])
    gate.admit("b", "maths", [0.0, 0.0])
    gate.admit("c", "maths", [1.0, 1.0])
    gate.admit("d", "code", [0.0, 0.0])
    report = gate.end_step(wanted=3, admitted=1)
    assert report.short
    assert report.message == "training on 1 of 3 groups: 4 were sampled (1 all_solved, 2 none_solved)"
    gate.admit("a", "maths", [0.0, 1.0])
    gate.admit("b", "maths", [0.0, 1.0])
    report = gate.end_step(wanted=1, admitted=2)
    assert (report.short, report.message, report.surplus, report.judged) == (False, "", 1, 2)
    assert (gate.metrics()["short_steps"], gate.metrics()["surplus"]) == (1, 1)


@given(groups, groups)
def test_resumes_through_json_as_if_never_stopped(before, after):
    one = Gate(retire_after=2, memory=7)
    for visit in before:
        one.admit(*visit)
    one.end_step(2, 1)
    for visit in before[:3]:
        one.admit(*visit)
    other = Gate(retire_after=2, memory=7)
    other.load_state_dict(json.loads(json.dumps(one.state_dict())))
    for visit in after:
        assert one.admit(*visit) == other.admit(*visit)
        assert one.prompts_to_request(100) == other.prompts_to_request(100)
    assert one.metrics() == other.metrics()
    assert one.state_dict() == other.state_dict()
    assert one.end_step(9, 3) == other.end_step(9, 3)


def test_a_saved_state_is_not_changed_by_what_happens_next():
    gate = Gate(retire_after=3)
    gate.admit("a", "maths", [1.0, 1.0])
    state = gate.state_dict()
    copy = json.loads(json.dumps(state))
    gate.admit("a", "maths", [1.0, 1.0])
    loaded = Gate(retire_after=3)
    loaded.load_state_dict(state)
    loaded.admit("a", "maths", [1.0, 1.0])
    assert state == copy


def test_bad_settings_and_incomplete_states_are_refused():
    for settings in ({"retire_after": 0}, {"memory": 0}, {"max_oversampling": 0.5}):
        with pytest.raises(UserError, match=next(iter(settings)).split("_")[0]):
            Gate(**settings)
    state = Gate().state_dict()
    for key in state:
        with pytest.raises(KeyError):
            Gate().load_state_dict({name: value for name, value in state.items() if name != key})
