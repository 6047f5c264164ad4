"""Keys, quotas, host names and other origins: who is let in, and what the others are told."""

import httpx
import pytest

from embedrank.serving.access.keys import Keys
from embedrank.serving.settings import KeySettings
from tests.serving.fakes import Wire, client

KEYS = {
    "alice": KeySettings(key="alices-secret"),
    "bob": KeySettings(key="bobs-secret-1", requests_per_minute=2),
    "carol": KeySettings(key="carols-secret", tokens_per_minute=10),
}


@pytest.fixture
def live(serving, loader):
    return serving(loader=loader, access={"keys": KEYS})


def ask(live, headers, texts=("hello",)):
    return client().post(f"{live.url}/v1/embeddings", json={"input": list(texts)}, headers=headers)


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "headers", [bearer("alices-secret"), {"x-api-key": "alices-secret"}, {"api-key": "alices-secret"}]
)
def test_a_known_key_is_let_in_by_any_of_the_usual_headers(live, headers):
    assert ask(live, headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"Authorization": "Basic alices-secret"}, bearer("alice")])
def test_no_key_or_a_wrong_one_is_401_in_openais_words(live, headers):
    refused = ask(live, headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_whoever_may_not_ask_cannot_make_the_server_read_a_body(live):
    with Wire(live.port) as wire:
        wire.say(b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert wire.hear().startswith(b"HTTP/1.1 401")


def test_health_needs_no_key_and_metrics_do(live):
    assert client().get(f"{live.url}/health").status_code == 200
    assert client().get(f"{live.url}/ready").status_code == 200
    assert client().get(f"{live.url}/metrics").status_code == 401
    assert client().get(f"{live.url}/v1/models").status_code == 401
    assert client().get(f"{live.url}/nowhere").status_code == 401
    assert client().get(f"{live.url}/openapi.json").status_code == 401


def test_public_metrics_need_no_key(serving, loader):
    live = serving(loader=loader, access={"keys": KEYS, "public_metrics": True})
    assert client().get(f"{live.url}/metrics").status_code == 200


def test_a_key_that_has_asked_too_often_is_429_until_later(live):
    assert [ask(live, bearer("bobs-secret-1")).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(live, bearer("bobs-secret-1"))
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert ask(live, bearer("alices-secret")).status_code == 200


def test_tokens_are_charged_after_they_were_computed(live):
    assert ask(live, bearer("carols-secret"), ["a" * 100]).status_code == 200
    refused = ask(live, bearer("carols-secret"), ["a"])
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 60


def test_only_hashes_of_keys_are_kept():
    keys = Keys(KEYS)
    assert "secret" not in repr(keys._callers)


def test_a_server_answers_to_its_own_names_only(serving, loader):
    live = serving(loader=loader, access={"allowed_hosts": ("127.0.0.1", "::1")})
    get = lambda host: client().get(f"{live.url}/health", headers={"Host": host}).status_code  # noqa: E731
    assert get("127.0.0.1:80") == get("[::1]:8000") == 200
    assert get("evil.example") == get("127.0.0.1.evil.example") == get("") == 421


def test_other_origins_are_shut_out_by_default(live):
    response = client().get(f"{live.url}/health", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client().options(f"{live.url}/v1/embeddings", headers=preflight).headers


def test_an_origin_that_is_allowed_may_ask_and_no_other(serving, loader):
    live = serving(loader=loader, access={"keys": KEYS, "cors_origins": ("https://good.example",)})
    ask_first = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for origin, allowed in (("https://good.example", True), ("https://evil.example", False)):
        response = client().options(f"{live.url}/v1/embeddings", headers={"Origin": origin, **ask_first})
        assert (response.headers.get("access-control-allow-origin") == origin) is allowed


def test_a_plain_form_of_another_page_cannot_make_the_server_work(live):
    """Browsers send text/plain without asking first; only JSON that says so is read as JSON."""
    headers = {**bearer("alices-secret"), "Content-Type": "text/plain"}
    response = httpx.post(f"{live.url}/v1/embeddings", content='{"input": "a"}', headers=headers)
    assert 400 <= response.status_code < 500
