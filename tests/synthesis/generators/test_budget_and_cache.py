import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from embedrank.core.errors import ConfigError, StorageError
from embedrank.core.generation import Completion, Failure, Message
from embedrank.synthesis.generators.budget import Admission, Budget, BudgetConfig
from embedrank.synthesis.generators.cache import RequestCache, digest_of
from embedrank.synthesis.generators.most_tokens import most_prompt_tokens
from embedrank.synthesis.generators.usage import Prices, Usage
from tests.synthesis.generators.asking import opened, request
from tests.synthesis.misbehaving_server import MisbehavingServer


def test_a_budget_counts_what_is_in_flight_with_the_most_it_can_take():
    budget = Budget(BudgetConfig(tokens=100), spent=Usage(completion_tokens=20))
    need = Usage(requests=1, completion_tokens=50)
    assert budget.admit(need) is Admission.GO
    assert budget.admit(need) is Admission.WAIT
    budget.settle(need, Usage(requests=1, completion_tokens=10))
    assert budget.admit(need) is Admission.GO
    budget.settle(need, Usage(requests=1, completion_tokens=40))
    assert budget.admit(need) is Admission.SPENT
    assert "70 of 100 tokens spent, the next request may take 50" in budget.why_spent(need)


@pytest.mark.parametrize("caps", [{"requests": 0}, {"tokens": -1}, {"money": 0.0}, {"money": "much"}])
def test_a_cap_that_lets_nothing_through_is_refused(caps):
    with pytest.raises(ConfigError, match="budget"):
        BudgetConfig(**caps)


def test_the_bound_of_a_prompt_is_above_its_tokens(qwen3_tokenizer):
    for text in ("a plain sentence", "中文的句子在这里", "የአማርኛ ጽሑፍ", "x" * 50, "🙂🙃"):
        asked = request(messages=(Message(role="user", content=text),), schema=None)
        assert most_prompt_tokens(asked) >= len(qwen3_tokenizer.encode(text).ids)


CAPS = {
    "requests": (BudgetConfig(requests=10), lambda usage: usage.requests, 10),
    "tokens": (BudgetConfig(tokens=2000), lambda usage: usage.tokens, 2000),
    "money": (BudgetConfig(money=0.002), lambda usage: usage.cost, 0.002),
}


@pytest.mark.parametrize("cap", CAPS)
def test_no_cap_is_passed_and_a_larger_one_goes_on(tmp_path, cap):
    budget, spent, limit = CAPS[cap]
    requests = [request(number) for number in range(200)]
    how = {"prices": Prices(prompt=1, completion=1), "concurrency": 8}
    with MisbehavingServer(write=lambda body: "word " * 40, delay_s=0.001) as server:
        with opened(server, tmp_path, budget=budget, **how) as generator:
            outcomes = generator.generate(requests)
            assert 0 < spent(generator.meter.usage) <= limit
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        assert {(failure.reason, failure.is_final) for failure in failures} == {("budget", False)}
        done = len(requests) - len(failures)
        assert len(server.asked) == done > 0
        with opened(server, tmp_path, budget=budget, **how) as generator:  # no cap is new because a run is begun again
            again = generator.generate(requests)
            assert spent(generator.meter.usage) <= limit
        assert sum(isinstance(outcome, Completion) for outcome in again) >= done
        with opened(server, tmp_path, **how) as generator:
            rest = generator.generate(requests)
        assert all(isinstance(outcome, Completion) for outcome in rest)
        assert len(server.asked) == len(requests)


def test_what_was_answered_is_not_asked_again(tmp_path):
    requests = [request(number) for number in range(10)]
    with MisbehavingServer() as server:
        with opened(server, tmp_path) as generator:
            first = generator.generate(requests)
        with opened(server, tmp_path) as generator:
            second = generator.generate(requests)
            assert generator.meter.usage_now == Usage(cached=10)
    assert len(server.asked) == 10
    assert [outcome.text for outcome in first] == [outcome.text for outcome in second]
    assert all(outcome.is_cached and outcome.cost == 0 for outcome in second)


@pytest.mark.parametrize(
    "changed",
    [
        {"messages": (Message(role="system", content="write a query for passage 0"),)},
        {"messages": (Message(role="user", content="another"),)},
        {"schema": None},
        {"max_tokens": 51},
        {"temperature": 0.1},
        {"seed": 9},
    ],
)
def test_whatever_changes_the_answer_changes_the_digest(changed):
    assert digest_of("m", request()) != digest_of("m", request(**changed))


def test_what_the_model_does_not_read_leaves_the_digest_alone():
    same = request(key="another", facts={"title": "x"})
    assert digest_of("m", request()) == digest_of("m", same)
    assert digest_of("m", request()) != digest_of("n", request())
    assert digest_of("m", request()) != digest_of("m", request(), {"top_k": 3})


def test_the_first_of_two_equal_requests_gives_both_their_answer(tmp_path):
    cache = RequestCache(tmp_path / "c.sqlite", run="r")
    assert cache.put(b"d", Completion(text="one", cost=1.0), Usage()) == Completion(text="one", cost=1.0)
    second = cache.put(b"d", Completion(text="two", cost=2.0), Usage(requests=2))
    assert second == Completion(text="one", cost=2.0)
    assert cache.get(b"d") == Completion(text="one", is_cached=True)
    cache.close()


def test_failures_are_kept_with_their_reason(tmp_path):
    cache = RequestCache(tmp_path / "c.sqlite", run="r")
    failure = Failure(reason="refused by the model", detail="no")
    cache.put(b"d", failure, Usage())
    assert cache.get(b"d") == failure
    cache.close()


def test_runs_that_share_a_cache_count_their_spending_apart(tmp_path):
    one, two = (RequestCache(tmp_path / "c.sqlite", run=name) for name in ("one", "two"))
    one.put(b"d", Completion(text="x"), Usage(requests=5, cost=0.5))
    assert two.spent() == Usage() and one.spent() == Usage(requests=5, cost=0.5)
    assert two.get(b"d") is not None
    one.forget_spent()
    assert one.spent() == Usage() and one.get(b"d") is not None
    one.close()
    two.close()


def test_threads_share_a_cache(tmp_path):
    cache = RequestCache(tmp_path / "c.sqlite", run="r")

    def fill(first):
        for number in range(first, first + 50):
            cache.put(str(number).encode(), Completion(text=str(number)), Usage(requests=number))

    threads = [threading.Thread(target=fill, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(cache.get(str(100 * n + m).encode()) for n in range(4) for m in range(50))
    cache.close()


FILL = """
import sys
from pathlib import Path
from embedrank.core.generation import Completion
from embedrank.synthesis.generators.cache import RequestCache
from embedrank.synthesis.generators.usage import Usage
cache = RequestCache(Path(sys.argv[1]), run="r")
number = 0
while True:
    number += 1
    cache.put(str(number).encode(), Completion(text=str(number)), Usage(requests=number))
    print(number, flush=True)
"""


def test_a_kill_loses_no_answer_and_no_cent(tmp_path, repository):
    path = tmp_path / "c.sqlite"
    run = subprocess.Popen([sys.executable, "-c", FILL, path], cwd=repository, stdout=subprocess.PIPE, text=True)
    told = 0
    while told < 100:
        told = int(run.stdout.readline())
    os.kill(run.pid, signal.SIGKILL)
    told = int(([told, *run.stdout.read().split()])[-1])
    run.wait()
    run.stdout.close()
    cache = RequestCache(path, run="r")
    assert all(cache.get(str(number).encode()) for number in range(1, told + 1))
    assert cache.spent().requests in (told, told + 1)
    cache.close()


def test_a_damaged_cache_is_told_in_clear_words(tmp_path):
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is no database at all, and long enough to be read as one" * 100)
    with pytest.raises(StorageError, match=r"c\.sqlite: the request cache is damaged.*delete it"):
        RequestCache(path, run="r")


def test_a_cache_of_another_version_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "c.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="is of version 99, not 1"):
        RequestCache(tmp_path / "c.sqlite", run="r")


def test_a_full_disk_is_told_in_clear_words(tmp_path):
    cache = RequestCache(tmp_path / "c.sqlite", run="r")
    cache.put(b"first", Completion(text="x"), Usage())
    pages = cache._connection.execute("PRAGMA page_count").fetchone()[0]
    cache._connection.execute(f"PRAGMA max_page_count = {pages + 1}")  # what SQLite says of a full disk
    with pytest.raises(StorageError, match=r"c\.sqlite: the request cache cannot be used: database or disk is full"):
        for number in range(100):
            cache.put(str(number).encode(), Completion(text="x" * 1000), Usage())
    assert cache.get(b"first") is not None
    cache.close()
