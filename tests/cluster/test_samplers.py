"""Samplers: what comes back is what was asked for, by the weights that were asked for, and nothing is lost."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import ray
import torch

from prorl.engine.cluster.engine import ClusterEngine
from prorl.engine.cluster.samplers import Samplers
from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import SampledGroup, Sampling
from prorl.errors import IntegrityError, UserError
from prorl.policy.tree import PackedTrees, Tree

from .alike import SAMPLING, groups, requests, update

Opened = Callable[..., ClusterEngine]
VLLM = {"trainers": 1, "samplers": 2, "backend": "vllm"}


def processes(samplers: Samplers) -> list[int]:
    return ray.get([seat.actor.process.remote() for seat in samplers.seats if seat.actor is not None])


def test_torch_samplers_sample_what_the_local_engine_samples(opened: Opened, local: LocalEngine) -> None:
    two = opened(trainers=2, samplers=2)
    wanted = requests(local, 7, seed=3)
    here = {group.request.key: group.completions for group in local.sample(wanted, SAMPLING)}
    there = {group.request.key: group.completions for group in two.sample(wanted, SAMPLING)}
    assert {key: [c.tokens for c in made] for key, made in there.items()} == {
        key: [c.tokens for c in made] for key, made in here.items()
    }


def test_after_a_restart_samplers_take_weights_anew_though_their_version_is_the_same(
    opened: Opened, local: LocalEngine
) -> None:
    """Version 1 is there twice: of the weights that the lost trainers made, and of those made after them."""
    two = opened(trainers=2, samplers=2)
    wanted = requests(local, 7, seed=3)

    def said(engine: LocalEngine | ClusterEngine) -> dict[int, list[tuple[int, ...]]]:
        return {group.request.key: [c.tokens for c in group.completions] for group in engine.sample(wanted, SAMPLING)}

    given, other = groups(local, seed=1), groups(local, seed=2)
    update(two, given, learning_rate=0.05)
    version, lost = two.weights_version, said(two)
    two.restart()
    for engine in (two, local):
        update(engine, other, learning_rate=0.05)
    assert two.weights_version == version
    assert said(two) == said(local) != lost


def test_answers_that_nobody_fetched_for_a_while_are_no_silence(
    opened: Opened, local: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a run is paused: both samplers have answered long ago, and only one of them can be looked at first."""
    two = opened(trainers=2, samplers=2)
    list(two.sample(requests(local, 2, seed=1), SAMPLING))  # now both have the weights
    two.notices()
    asked = two.sample(requests(local, 7, seed=3), SAMPLING)
    monkeypatch.setattr(two.samplers, "deadline", 1.0)
    time.sleep(3.0)
    two.samplers.pump()
    monkeypatch.undo()
    assert two.notices() == []
    assert len(list(asked)) == 7


def pump_for(seconds: float, samplers: Samplers) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        samplers.pump(timeout=0.1)


def largest_mismatch(local: LocalEngine, sampled: list[SampledGroup]) -> float:
    """Of a sampler's log-probability against the trainer's, in nats."""
    worst = 0.0
    for group in sampled:
        branches = [c.tokens for c in group.completions]
        with torch.no_grad():
            logprobs, _ = local.policy.logprobs(
                PackedTrees.of([Tree(group.request.prompt, branches)]), SAMPLING.temperature
            )
        claimed = torch.tensor([p for c in group.completions for p in c.logprobs])
        worst = max(worst, float((logprobs - claimed).abs().max()))
    return worst


def test_vllm_gives_whole_groups_with_the_trainer_s_log_probabilities(opened: Opened, local: LocalEngine) -> None:
    """Before and after an update, so the new weights arrived everywhere in vLLM, and at the recipe's temperature."""
    vllm = opened(**VLLM)
    ends = vllm.policy.ends
    for version in range(2):
        wanted = requests(local, 6, seed=version)
        sampled = list(vllm.sample(wanted, SAMPLING))
        assert Counter(group.request for group in sampled) == Counter(wanted)
        assert {group.weights_version for group in sampled} == {version}
        for completion in (c for group in sampled for c in group.completions):
            assert len(completion.tokens) == len(completion.logprobs) <= SAMPLING.max_new_tokens
            assert completion.finished == (completion.tokens[-1] in ends)
            assert completion.finished or len(completion.tokens) == SAMPLING.max_new_tokens
            assert not ends & set(completion.tokens[:-1])
        assert len({c.tokens for group in sampled for c in group.completions}) > 12  # each has its own random numbers
        assert largest_mismatch(local, sampled) < 1e-4
        given = groups(local, seed=version)
        assert update(local, given).mismatch_kl == pytest.approx(0, abs=1e-9)
        update(vllm, given)


def test_vllm_samples_on_where_a_group_left_off_and_filters_and_stops(opened: Opened, local: LocalEngine) -> None:
    vllm = opened(**VLLM)
    [request] = requests(local, 1, seed=12)
    sampling = Sampling(samples=3, temperature=1.0, max_new_tokens=8)
    [whole] = vllm.sample([request], replace(sampling, samples=6))
    [rest] = vllm.sample([replace(request, first_sample=3)], sampling)
    assert [c.tokens for c in rest.completions] == [c.tokens for c in whole.completions[3:]]
    [greedy] = vllm.sample([request], replace(sampling, top_k=1))
    assert len({c.tokens for c in greedy.completions}) == 1
    assert all(p == pytest.approx(0.0, abs=1e-6) for c in greedy.completions for p in c.logprobs)
    text = vllm.decode(greedy.completions[0].tokens)
    [stopped] = vllm.sample([request], replace(sampling, top_k=1, stop=(text[2:4],)))
    assert {vllm.decode(c.tokens) for c in stopped.completions} == {text[: text.index(text[2:4]) + 2]}
    assert all(c.finished for c in stopped.completions)


def test_vllm_stops_what_is_not_wanted_any_more(opened: Opened, local: LocalEngine) -> None:
    vllm = opened(**VLLM)
    sampling = Sampling(samples=8, temperature=1.0, max_new_tokens=20)
    asked = vllm.sample(requests(local, 20, seed=8), sampling)
    first = next(asked)
    asked.close()
    assert len(first.completions) == 8
    assert list(asked) == []
    again = list(vllm.sample(requests(local, 20, seed=9), sampling))  # the samplers are free for other things
    assert len(again) == 20


def test_a_sampler_that_dies_is_replaced_and_its_requests_are_asked_again(opened: Opened, local: LocalEngine) -> None:
    two = opened(trainers=2, samplers=2)
    given = groups(local)
    update(two, given)  # so that the new sampler must get other weights than those it was begun with
    update(local, given)
    wanted = requests(local, 24, seed=4)
    victim = processes(two.samplers)[1]
    asked = two.sample(wanted, SAMPLING)
    got = [next(asked)]
    os.kill(victim, signal.SIGKILL)
    got += list(asked)
    assert Counter(group.request.key for group in got) == Counter(request.key for request in wanted)
    assert {group.weights_version for group in got} == {1}
    # Requests that it had not finished are in the hands of the other, or of the new one; it is there for the next call.
    two.samplers.losses_allowed = 3
    until = time.monotonic() + 60
    while not two.samplers.notices and time.monotonic() < until:
        list(two.sample(requests(local, 2, seed=6), SAMPLING))
    [notice] = two.notices()
    assert notice.startswith("sampler 1 died")
    assert victim not in processes(two.samplers)
    assert largest_mismatch(local, got) < 1e-4


def test_a_sampler_that_never_comes_up_ends_the_run_with_its_name(opened: Opened) -> None:
    @ray.remote(num_cpus=0)
    class Stillborn:
        def __init__(self) -> None:
            raise RuntimeError("no such GPU")

        def take(self, version: int, weights: None) -> int:
            return version

    samplers = Samplers(1, lambda number: Stillborn.remote(), room=8, deadline=60.0, losses_allowed=1)
    samplers.publish(0, [None])
    with pytest.raises(IntegrityError, match=r"sampler 0 died .*no such GPU.*; 2 samplers were lost"):
        pump_for(60.0, samplers)


def test_silence_is_an_error_that_names_the_sampler(opened: Opened) -> None:
    @ray.remote(num_cpus=0)
    class Silent:
        def take(self, version: int, weights: None) -> int:
            time.sleep(600)
            return version

    samplers = Samplers(1, lambda number: Silent.remote(), room=8, deadline=0.5, losses_allowed=0)
    samplers.publish(0, [None])
    with pytest.raises(IntegrityError, match=r"sampler 0 has said nothing for 0.5 s"):
        pump_for(20.0, samplers)
    samplers.close()


def test_a_sampler_with_other_weights_than_it_was_given_is_found(opened: Opened, local: LocalEngine) -> None:
    @ray.remote(num_cpus=0)
    class Liar:
        def take(self, version: int, weights: None) -> int:
            return version

        def work(self, orders, stopped, seconds):
            return [(order.number, SampledGroup(order.request, (), 4)) for order in orders]

    samplers = Samplers(1, lambda number: Liar.remote(), room=8, deadline=60.0, losses_allowed=0)
    samplers.publish(7, [None])
    with pytest.raises(IntegrityError, match="answered with weights 4; it was given 7"):
        list(samplers.ask(requests(local, 1, seed=0), SAMPLING))
    samplers.close()


def test_a_prompt_beyond_the_samplers_context_is_refused(opened: Opened, local: LocalEngine) -> None:
    two = opened(trainers=2, samplers=2)
    with pytest.raises(UserError, match=r"exceed the samplers' context of 2048; raise rollout\.max_prompt_tokens"):
        two.sample(requests(local, 1, seed=0), Sampling(samples=2, temperature=1.0, max_new_tokens=2048))
    long = replace(requests(local, 1, seed=0)[0], prompt=(5,) * 50)  # of a held-out problem; training leaves it out
    [group] = two.sample([long], SAMPLING)
    assert group.request == long


def test_new_weights_are_taken_when_a_sampler_has_finished_what_it_began(opened: Opened, local: LocalEngine) -> None:
    """Groups that were asked for before an update, and are sampled during it, are of one version each."""
    two = opened(trainers=2, samplers=2)
    ahead = two.sample(requests(local, 12, seed=1), SAMPLING)
    update(two, groups(local))
    after = list(two.sample(requests(local, 12, seed=2), SAMPLING))
    assert {group.weights_version for group in ahead} <= {0, 1}
    assert {group.weights_version for group in after} == {1}


def test_work_is_shared_among_samplers(opened: Opened, local: LocalEngine, tmp_path: Path) -> None:
    two = opened(trainers=2, samplers=2)
    list(two.sample(requests(local, 2, seed=0), SAMPLING))  # both have their weights now
    samplers = two.samplers
    while any(seat.version is None or seat.call is not None for seat in samplers.seats):
        samplers.pump(timeout=0.1)
    asked = two.sample(requests(local, 10, seed=5), SAMPLING)
    assert [len(seat.orders) for seat in samplers.seats] == [5, 5]
    assert len(list(asked)) == 10
