"""`embedrank serve`: what it is set to, how it begins, and how it ends."""

import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from embedrank.cli.serve_settings import is_loopback, serve_settings
from embedrank.core.errors import ConfigError, InvalidInputError
from tests.cli.command_line import COMMAND, process


def settings(*, config=None, embedders=(), rerankers=(), no_rerank=False, key_file=None, set_=(), **options):
    return serve_settings(
        config=config,
        embedders=embedders,
        rerankers=rerankers,
        no_rerank=no_rerank,
        key_file=key_file,
        options=options,
        model_options={"dtype": None},
        set_=set_,
    )


def test_nothing_said_serves_the_bundled_models_to_this_machine_only():
    made = settings()
    assert (list(made.embedders), list(made.rerankers)) == (["nano"], ["nano"])
    assert made.host == "127.0.0.1" and "localhost" in made.access.allowed_hosts


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / "serve.yaml"
    file.write_text("port: 1\nhost: 0.0.0.0\ncache: none://\nlimits: {max_items: 5, timeout_s: 7}\n")
    monkeypatch.setenv("EMBEDRANK_SERVE_PORT", "2")
    monkeypatch.setenv("EMBEDRANK_SERVE_CACHE", "memory://")
    monkeypatch.setenv("EMBEDRANK_SERVE_LIMITS__MAX_ITEMS", "6")
    made = settings(config=file, port=3)
    assert (made.port, made.cache, made.host) == (3, "memory://", "0.0.0.0")
    assert (made.limits.max_items, made.limits.timeout_s) == (6, 7)
    assert not made.access.allowed_hosts  # whoever serves other machines is called by any name
    assert settings(config=file, set_=["limits.max_items=8"]).limits.max_items == 8


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("prot: 1", "unknown key"),
        ("limits: {max_item: 1}", "unknown key"),
        ("embedders: [a]", "mapping"),
        ("- a", "mapping"),
    ],
)
def test_a_file_that_means_nothing_is_refused(tmp_path, content, says):
    file = tmp_path / "serve.yaml"
    file.write_text(content)
    with pytest.raises((ConfigError, InvalidInputError), match=says):
        settings(config=file)


def test_an_unknown_setting_in_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("EMBEDRANK_SERVE_PROT", "1")
    with pytest.raises(ConfigError, match="prot"):
        settings()


def test_models_are_named_by_preset_by_the_end_of_a_folder_or_as_one_likes(tmp_path):
    folder = tmp_path / "my-model"
    folder.mkdir()
    made = settings(embedders=["nano", str(folder), "docs=Qwen/Qwen3-Embedding-0.6B"])
    assert list(made.embedders) == ["nano", "my-model", "docs"]
    assert made.embedders["docs"].source == "Qwen/Qwen3-Embedding-0.6B"
    assert list(made.rerankers) == ["nano"]
    assert not settings(embedders=["nano"], no_rerank=True).rerankers
    assert list(settings(embedders=["nano"], rerankers=["judge=4b"]).rerankers) == ["judge"]


def test_a_model_with_nothing_behind_its_name_is_a_preset_of_that_name(tmp_path):
    file = tmp_path / "serve.yaml"
    file.write_text("embedders:\n  nano:\nrerankers:\n  nano: {dtype: fp32}\n")
    made = settings(config=file)
    assert made.embedders["nano"].source == "" and made.rerankers["nano"].dtype == "fp32"


def test_keys_come_from_a_file_and_from_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "keys"
    file.write_text("# ours\nalice=alices-secret\n\nnobodys-secret\n")
    monkeypatch.setenv("EMBEDRANK_API_KEYS", "carol=carols-secret")
    keys = settings(key_file=file).access.keys
    assert {name: key.key for name, key in keys.items()} == {
        "alice": "alices-secret",
        "key 2": "nobodys-secret",
        "carol": "carols-secret",
    }


def test_a_key_file_without_a_key_is_refused(tmp_path):
    (tmp_path / "keys").write_text("# none\n")
    with pytest.raises(InvalidInputError, match="holds no key"):
        settings(key_file=tmp_path / "keys")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        settings(key_file=tmp_path / "missing")


@pytest.mark.parametrize(
    ("host", "is_here"), [("127.0.0.1", True), ("::1", True), ("127.9.9.9", True), ("0.0.0.0", False)]
)
def test_only_loopback_is_this_machine(host, is_here):
    assert is_loopback(host) is is_here


def test_a_port_that_is_taken_ends_with_code_2_and_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = process("serve", "--port", taken.getsockname()[1])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: address: 127.0.0.1:") and "in use" in done.stderr


def test_a_model_that_is_not_there_ends_with_code_2_and_says_so():
    done = process("serve", "--port", "0", "--embedder", "no-such-model")
    assert (done.returncode, done.stdout) == (2, "")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]  # the others are the log
    assert len(lines) == 1 and lines[0].startswith("error: model 'no-such-model' cannot be loaded"), done.stderr


def test_it_says_where_it_is_and_ends_when_it_is_told_to():
    command = [*COMMAND, "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            (url,) = re.findall(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            answer = httpx.post(f"{url}/v1/embeddings", json={"input": "a bear"}, timeout=30)
            assert answer.status_code == 200 and answer.json()["model"] == "nano"
            if hasattr(signal, "SIGHUP"):
                server.send_signal(signal.SIGHUP)
                end = time.monotonic() + 30
                while "model_loads_total 4.0" not in httpx.get(f"{url}/metrics").text:
                    assert time.monotonic() < end, "models were not loaded anew"
                    time.sleep(0.1)
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) in (0, -signal.SIGTERM)
        finally:
            server.kill()


def test_help_needs_no_server():
    code = (
        "import sys; from embedrank.cli.app import run; run(['serve', '--help']); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--api-key-file" in done.stdout
    assert not {"fastapi", "uvicorn", "torch", "numpy"} & set(done.stderr.split())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis//localhost", "is none of memory://"),
        ("sqlite://here/vectors.sqlite", "three slashes"),
        ("redis://user:secret@localhost:port", "is no address of a Redis server"),
    ],
)
def test_a_cache_that_cannot_be_meant_ends_with_code_2_and_one_line(url, says):
    done = process("serve", "--port", "0", "--cache", url)
    assert (done.returncode, done.stdout) == (2, "")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1 and says in lines[0] and "secret" not in lines[0], done.stderr
