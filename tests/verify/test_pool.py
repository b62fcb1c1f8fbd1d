"""What a pool promises its caller, whatever the judge does."""

import gc
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import psutil
import pytest

from prorl.errors import UserError
from prorl.verify.pool import PoolClosed, PoolCounts, Probe, WorkerPool
from prorl.verify.verdict import Outcome


def judges():
    import hostile_judges

    return hostile_judges


def outcomes(verdicts):
    return [verdict.outcome for verdict in verdicts]


def test_verdicts_come_back_in_the_order_of_the_pairs():
    with WorkerPool(judges().echo, workers=2) as pool:
        verdicts = pool.judge_many((number, "text") for number in range(300))
    assert [verdict.answer for verdict in verdicts] == [f"{number}:text" for number in range(300)]
    assert pool.counts == PoolCounts(judged=300)


def test_texts_cross_unharmed():
    texts = ["", "\x00", "\ud800", "\u202e", "naïve ✓", "x" * 199_999, "</answer>", "\n\r\n"]
    with WorkerPool(judges().length, workers=1) as pool:
        assert [v.answer for v in pool.judge_many((None, text) for text in texts)] == [str(len(text)) for text in texts]


def test_what_comes_back_can_be_written_as_utf_8():
    """An answer, or what a program said as it failed, may hold half a character, which no file takes."""
    with WorkerPool(judges().echo, workers=1) as pool:
        answer = pool.submit(None, "a\ud800✓").result().answer
    assert answer == "None:a?✓"


@pytest.mark.parametrize("how", ["hang", "hang-deaf", "burn"])
def test_a_hang_is_a_timeout_at_the_deadline_and_the_worker_is_replaced(how):
    with WorkerPool(judges().act, workers=1, deadline=0.5) as pool:
        begin = time.monotonic()
        hung = pool.submit(None, how).result()
        took = time.monotonic() - begin
        assert hung.outcome is Outcome.TIMEOUT
        assert "0.5 s" in hung.detail
        assert 0.5 <= took < 5
        assert pool.submit(None, "pass").result().outcome is Outcome.SOLVED
        assert pool.counts == PoolCounts(judged=2, timeouts=1, respawns=1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("exit", "exited with code 3"),
        ("sigkill", "killed by SIGKILL"),
        ("segfault", "killed by SIGSEGV"),
        ("kill-group", "killed by SIGKILL"),
    ],
)
def test_a_worker_that_dies_is_an_error_that_says_how(how, said):
    with WorkerPool(judges().act, workers=1) as pool:
        died = pool.submit(None, how).result()
        assert died.outcome is Outcome.ERROR
        assert said in died.detail
        assert pool.submit(None, "pass").result().outcome is Outcome.SOLVED
        assert pool.counts == PoolCounts(judged=2, errors=1, respawns=1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("exception", "ValueError: no such thing"),
        ("base-exception", "ThatIsNoException: out of time"),
        ("system-exit", "SystemExit: 0"),
        ("keyboard-interrupt", "KeyboardInterrupt"),
        ("bad-str", "BadStr"),
        ("recursion", "RecursionError"),
    ],
)
def test_an_exception_is_an_error_with_its_type_and_message_and_keeps_the_worker(how, said):
    with WorkerPool(judges().act, workers=1) as pool:
        raised = pool.submit(None, how).result()
        assert (raised.outcome, raised.score) == (Outcome.ERROR, 0.0)
        assert said in raised.detail
        assert pool.counts == PoolCounts(judged=1, errors=1, respawns=0)


def test_a_worker_goes_first_where_memory_runs_out():
    with WorkerPool(judges().first_to_go, workers=1) as pool:
        assert pool.submit(None, "").result().answer == "500"


def test_a_deadline_shorter_than_the_judge_needs_is_raised():
    with WorkerPool(judges().Patient(), workers=1, deadline=0.2) as pool:
        assert pool.submit(None, "").result().outcome is Outcome.SOLVED


def test_what_a_judge_prints_goes_nowhere(capfd):
    with WorkerPool(judges().act, workers=1) as pool:
        assert outcomes(pool.judge_many([(None, "flood"), (None, "pass")])) == [Outcome.SOLVED] * 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("how", ["garbage", "close"])
def test_a_judge_that_spoils_its_own_channel_costs_only_its_own_verdict(how):
    with WorkerPool(judges().act, workers=1, deadline=1.0) as pool:
        verdicts = pool.judge_many([(None, how), (None, "pass")])
    assert verdicts[0].outcome in (Outcome.ERROR, Outcome.TIMEOUT)
    assert verdicts[1].outcome is Outcome.SOLVED


@pytest.mark.parametrize("how", ["kill-keeper", "stop-keeper"])
def test_a_judge_that_attacks_its_keeper_is_replaced_with_it(how):
    with WorkerPool(judges().act, workers=1, deadline=0.5) as pool:
        verdicts = pool.judge_many([(None, how), (None, "pass")])
    assert verdicts[0].outcome in (Outcome.ERROR, Outcome.TIMEOUT)
    assert verdicts[1].outcome is Outcome.SOLVED


def test_a_forgotten_alarm_does_not_hit_the_next_judgement():
    with WorkerPool(judges().act, workers=1) as pool:
        assert pool.submit(None, "alarm").result().outcome is Outcome.SOLVED
        time.sleep(0.8)
        assert pool.submit(None, "pass").result().outcome is Outcome.SOLVED
        assert pool.counts.respawns == 0


@pytest.mark.parametrize(
    ("judge", "text", "said"),
    [
        ("not_a_verdict", "", "float, not a Verdict"),
        ("verdict_out_of_range", "1.5", "score is 1.5"),
        ("verdict_out_of_range", "nan", "score is nan"),
        ("verdict_out_of_range", "1", "contradicts"),
        ("solved_at_half", "", "contradicts"),
    ],
)
def test_a_worthless_verdict_is_an_error_not_a_score(judge, text, said):
    with WorkerPool(getattr(judges(), judge), workers=1) as pool:
        verdict = pool.submit(None, text).result()
    assert (verdict.outcome, verdict.score) == (Outcome.ERROR, 0.0)
    assert said in verdict.detail


def test_a_long_answer_is_shortened_with_a_mark():
    with WorkerPool(judges().long_answer, workers=1) as pool:
        verdict = pool.submit(None, "").result()
    assert verdict.outcome is Outcome.WRONG
    assert verdict.answer.startswith("aaa")
    assert verdict.answer.endswith("[1000000 characters]")
    assert len(verdict.answer) + len(verdict.detail) < 5_000


def test_a_text_past_the_cap_is_unparseable_and_says_so():
    with WorkerPool(judges().echo, workers=1, max_text=10) as pool:
        assert pool.submit(None, "x" * 10).result().outcome is Outcome.SOLVED
        capped = pool.submit(None, "x" * 1_000_000).result()
    assert (capped.outcome, capped.score, capped.tolerant_score) == (Outcome.UNPARSEABLE, 0.0, 0.0)
    assert capped.detail == "1000000 characters; at most 10 are judged"


def test_hangs_and_crashes_among_many_cost_only_themselves():
    texts = ["pass"] * 240
    for place in range(0, 240, 30):
        texts[place] = "hang"
        texts[place + 7] = "exit"
        texts[place + 13] = "exception"
    with WorkerPool(judges().act, workers=2, deadline=0.3) as pool:
        begin = time.monotonic()
        verdicts = pool.judge_many((None, text) for text in texts)
        took = time.monotonic() - begin
    expected = {"pass": Outcome.SOLVED, "hang": Outcome.TIMEOUT, "exit": Outcome.ERROR, "exception": Outcome.ERROR}
    assert outcomes(verdicts) == [expected[text] for text in texts]
    assert pool.counts == PoolCounts(judged=240, timeouts=8, errors=16, respawns=16)
    assert took < 8 * 0.3 / 2 + 10, "eight hangs on two workers, and little else"


def test_a_worker_is_kept_from_one_judgement_to_the_next():
    with WorkerPool(judges().process_id, workers=2) as pool:
        assert len({verdict.answer for verdict in pool.judge_many((None, "") for _ in range(100))}) <= 2


def test_many_threads_may_submit_at_once():
    answers: dict[int, list[str]] = {}

    def ask(thread: int) -> None:
        answers[thread] = [verdict.answer for verdict in pool.judge_many((thread, str(n)) for n in range(50))]

    with WorkerPool(judges().echo, workers=2, queue_size=4) as pool:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == {thread: [f"{thread}:{n}" for n in range(50)] for thread in range(6)}


def test_submit_waits_while_the_queue_is_full():
    with WorkerPool(judges().act, workers=1, deadline=0.6, queue_size=1) as pool:
        begin = time.monotonic()
        pool.submit(None, "hang")
        pool.submit(None, "pass")
        pool.submit(None, "pass")
        assert time.monotonic() - begin > 0.4


def test_a_cancelled_judgement_is_not_made():
    with WorkerPool(judges().act, workers=1, deadline=0.3) as pool:
        hung, cancelled = pool.submit(None, "hang"), pool.submit(None, "hang")
        assert cancelled.cancel()
        hung.result()
        assert pool.submit(None, "pass").result().outcome is Outcome.SOLVED
        assert pool.counts.timeouts == 1


def test_a_closed_pool_says_so_at_once():
    pool = WorkerPool(judges().echo, workers=1)
    pool.close()
    pool.close()
    with pytest.raises(PoolClosed, match="closed"):
        pool.submit(None, "")
    with pytest.raises(PoolClosed, match="closed"):
        pool.judge_many([(None, "")])


def test_closing_fails_what_is_pending_without_waiting_for_it():
    pool = WorkerPool(judges().act, workers=1, deadline=60.0)
    pending: list[Future] = [pool.submit(None, "hang") for _ in range(5)]
    time.sleep(0.2)
    begin = time.monotonic()
    pool.close()
    assert time.monotonic() - begin < 2.0
    for future in pending:
        with pytest.raises(PoolClosed):
            future.result(timeout=1)


def test_a_problem_that_cannot_be_sent_fails_its_own_future():
    with WorkerPool(judges().echo, workers=1) as pool:
        with pytest.raises((TypeError, AttributeError), match="pickle"):
            pool.submit(threading.Lock(), "").result()
        assert pool.submit(1, "").result().answer == "1:"


# Starting


def test_prepare_runs_in_the_worker_before_the_first_judgement_and_survives_a_respawn():
    with WorkerPool(judges().Prepared(), workers=1) as pool:
        assert pool.submit(None, "").result().outcome is Outcome.SOLVED
    assert not judges().Prepared.ready, "not in this process"


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("CannotPrepare", "OSError: the word list is missing"),
        ("HangsInPreparation", "not ready after 1 s"),
        ("DiesInPreparation", "ended while starting"),
    ],
)
def test_a_judge_that_cannot_start_stops_the_run_with_one_line(judge, said):
    with pytest.raises(UserError, match=said) as caught:
        WorkerPool(getattr(judges(), judge)(), workers=2, start_deadline=1.0 if "Hangs" in judge else 60.0)
    assert "\n" not in str(caught.value)
    assert not _our_workers()


@pytest.mark.timeout(20)
def test_a_worker_that_cannot_even_be_launched_stops_the_run(monkeypatch):
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with pytest.raises(UserError, match=r"a worker did not start.*/no/such/python"):
        WorkerPool(judges().echo, workers=2)


def test_a_judge_that_cannot_be_sent_is_the_users_error():
    with pytest.raises(UserError, match="module's top"):
        WorkerPool(lambda problem, text: None, workers=1)


def test_no_workers_and_no_time_are_the_users_errors():
    with pytest.raises(UserError, match="at least 1"):
        WorkerPool(judges().echo, workers=0)
    with pytest.raises(UserError, match="positive"):
        WorkerPool(judges().echo, workers=1, deadline=0)


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("exception", None, "task x fails its self-test.*error.*no such thing"),
        ("hang", None, "task x fails its self-test.*timeout"),
        ("pass", Outcome.WRONG, "gave solved instead of wrong"),
    ],
)
def test_a_probe_that_goes_wrong_stops_the_run(text, expected, said):
    with pytest.raises(UserError, match=said):
        WorkerPool(judges().act, workers=1, deadline=0.3, probes=[Probe(None, text, expected, "task x")])
    assert not _our_workers()


def test_probes_that_come_out_as_expected_let_the_pool_start():
    probes = [Probe(None, "pass", Outcome.SOLVED, "task x"), Probe(None, "pass", None, "task x")]
    with WorkerPool(judges().act, workers=1, probes=probes) as pool:
        assert pool.counts.judged == 2


# Ending


def _our_workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "prorl.verify.worker" in child.cmdline()]


def _gone(process: int, within: float = 2.0) -> bool:
    until = time.monotonic() + within
    while psutil.pid_exists(process):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_nothing_is_left_after_close():
    before = set(psutil.Process().children(recursive=True))
    descriptors = psutil.Process().num_fds()
    pool = WorkerPool(judges().act, workers=2, deadline=60.0)
    pool.submit(None, "hang")
    pool.submit(None, "thread")
    time.sleep(0.2)
    started = _our_workers()
    assert len(started) == 4, "a keeper and a child for each of two workers"
    pool.close()
    assert set(psutil.Process().children(recursive=True)) == before
    assert all(_gone(worker.pid) for worker in started)
    assert psutil.Process().num_fds() == descriptors
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("verify-")]


def test_replacing_workers_leaks_neither_processes_nor_descriptors():
    with WorkerPool(judges().act, workers=1) as pool:
        pool.submit(None, "exit").result()
        gc.collect()  # what other tests left open isn't closed while we count
        descriptors = psutil.Process().num_fds()
        pool.judge_many((None, "exit") for _ in range(30))
        assert psutil.Process().num_fds() == descriptors
        assert len(_our_workers()) == 2


@pytest.mark.parametrize("how", ["grandchild-hang", "grandchild-die"])
def test_a_grandchild_in_a_session_of_its_own_dies_with_its_judgement(how, tmp_path: Path):
    note = tmp_path / "pid"
    with WorkerPool(judges().act, workers=1, deadline=1.0) as pool:
        verdict = pool.submit(None, f"{how} {note}").result()
        assert verdict.outcome in (Outcome.TIMEOUT, Outcome.ERROR)
        assert _gone(int(note.read_text()))


def test_a_grandchild_left_behind_by_a_verdict_dies_with_the_pool(tmp_path: Path):
    note = tmp_path / "pid"
    with WorkerPool(judges().act, workers=1) as pool:
        assert pool.submit(None, f"grandchild {note}").result().outcome is Outcome.SOLVED
    assert _gone(int(note.read_text()))


def test_orphans_that_end_by_themselves_are_reaped_and_the_judge_reaps_its_own():
    """A judgement that leaves one unreaped would fill the table of processes in a long run."""
    others = set(psutil.Process().children(recursive=True))
    with WorkerPool(judges().act, workers=2) as pool:
        assert set(outcomes(pool.judge_many([(None, "orphan")] * 20))) == {Outcome.SOLVED}
        until = time.monotonic() + 5
        while len(below := set(psutil.Process().children(recursive=True)) - others) > 4 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(below) == 4, "two keepers and their children"
        assert pool.counts.respawns == 0
