"""The deployment for Ray Serve: its arguments are checked, and, where Ray Serve is installed, it answers."""

import importlib.util
import os
import sys

import httpx
import pytest

from embedrank.core.errors import EngineFailedError, InvalidInputError
from embedrank.serving.results import Health
from tests.deploy.files import DEPLOY
from tests.docs.pages import REPOSITORY
from tests.engine.caches.servers import free_port


@pytest.fixture
def ray_serve():
    spec = importlib.util.spec_from_file_location("ray_serve", DEPLOY / "ray_serve.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_arguments_from_a_command_line_become_options(ray_serve):
    options = ray_serve.options_of({"replicas": "4", "gpus": "0.5", "config": str(DEPLOY / "serve.yaml")})
    assert options["num_replicas"] == 4 and "autoscaling_config" not in options
    assert options["ray_actor_options"] == {"num_cpus": 2.0, "num_gpus": 0.5}
    assert options["max_ongoing_requests"] > 256  # engine.max_requests of the file: the server itself refuses
    assert options["graceful_shutdown_timeout_s"] == 30


def test_a_largest_number_of_replicas_lets_their_number_follow_the_load(ray_serve):
    options = ray_serve.options_of({"replicas": 1, "max_replicas": 8})
    assert "num_replicas" not in options
    scaling = options["autoscaling_config"]
    assert (scaling["min_replicas"], scaling["max_replicas"]) == (1, 8) and scaling["target_ongoing_requests"] > 0


def test_replicas_are_called_by_any_name(ray_serve):
    assert not ray_serve.settings_of({}).access.allowed_hosts


def test_an_argument_that_means_nothing_is_refused(ray_serve):
    with pytest.raises(InvalidInputError, match="is none of config, replicas"):
        ray_serve.app({"replica": 2})


def test_a_replica_that_is_not_well_says_why(ray_serve):
    class Service:
        def health(self):
            return Health(is_well=False, reason="its model thread died")

    replica = ray_serve.Replica()
    replica.app = type("App", (), {"state": type("State", (), {"service": Service()})})
    with pytest.raises(EngineFailedError, match="model thread died"):
        replica.check_health()


@pytest.mark.slow
def test_a_replica_answers_behind_a_proxy(ray_serve, embedder_folder, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    serve = pytest.importorskip("ray.serve", reason='pip install "ray[serve]"', exc_type=ImportError)
    import ray

    config = tmp_path / "serve.yaml"
    model = {"source": str(embedder_folder), "dtype": "fp32", "native": "off"}
    config.write_text(f"embedders: {{pico: {model}}}\ncache: none://\n")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    paths = [str(REPOSITORY), str(DEPLOY), *filter(None, sys.path)]
    port = free_port()
    ray.init(num_cpus=2, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}})
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        serve.run(ray_serve.app({"config": str(config), "cpus": "0.5"}), name="embedrank", route_prefix="/")
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/embeddings", json={"input": "a bear"}, timeout=60)
        assert answer.status_code == 200 and answer.json()["model"] == "pico"
        assert httpx.get(f"http://127.0.0.1:{port}/ready", timeout=60).status_code == 200
        refused = httpx.post(f"http://127.0.0.1:{port}/v1/embeddings", json={"input": []}, timeout=60)
        assert refused.status_code == 400 and "empty list" in refused.json()["error"]["message"]
    finally:
        serve.shutdown()
        ray.shutdown()
