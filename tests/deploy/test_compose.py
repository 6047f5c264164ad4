"""The compose files parse, mount what is there, and start the server with a command and settings that it takes."""

import re

import pytest

from tests.deploy.files import DEPLOY, instructions, parsed, read_yaml, settings_in

COMPOSE = read_yaml("compose.yaml")


def test_the_server_is_started_with_settings_that_it_takes():
    service = COMPOSE["services"]["embedrank"]
    options = parsed(service["command"])
    mounted = dict(reversed(mount.split(":")[:2]) for mount in service["volumes"])
    settings = settings_in(DEPLOY / mounted[str(options["config"])])
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert service["ports"] == [f"127.0.0.1:8000:{settings.port}"]
    assert int(service["stop_grace_period"].removesuffix("s")) > settings.drain_timeout_s
    assert settings.cache.startswith("redis://redis:6379/") and "redis" in COMPOSE["services"]


def test_no_key_and_no_password_is_in_the_file():
    secrets = {
        name: value
        for service in COMPOSE["services"].values()
        for name, value in service.get("environment", {}).items()
        if re.search("KEY|PASSWORD|SECRET|TOKEN", name)
    }
    assert set(secrets) == {"EMBEDRANK_API_KEYS", "GF_SECURITY_ADMIN_PASSWORD"}
    assert all(re.fullmatch(r"\$\{\w+:\?.+\}", value) for value in secrets.values())


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_what_a_service_mounts_and_waits_for_is_there(name):
    service = COMPOSE["services"][name]
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], mount
    assert set(service.get("depends_on", [])) <= set(COMPOSE["services"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert "latest" not in service["image"] and ":" in service["image"]


def test_the_build_has_the_arguments_that_it_is_given():
    build = COMPOSE["services"]["embedrank"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    declared = {line.split()[1].partition("=")[0] for line in instructions() if line.startswith("ARG ")}
    assert set(build["args"]) <= declared


def test_the_file_for_gpus_changes_services_that_there_are():
    assert set(read_yaml("compose.cuda.yaml")["services"]) <= set(COMPOSE["services"])


def test_prometheus_asks_the_server_where_it_answers():
    prometheus = read_yaml("prometheus/prometheus.yml")
    (job,) = prometheus["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["embedrank:8000"]}] and job["metrics_path"] == "/metrics"
    assert settings_in(DEPLOY / "serve.yaml").access.public_metrics  # it sends no key
    mounts = [mount.split(":")[1] for mount in COMPOSE["services"]["prometheus"]["volumes"]]
    assert set(prometheus["rule_files"]) <= set(mounts)


def test_grafana_finds_its_source_and_its_dashboard():
    (source,) = read_yaml("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert (
        source["url"] == "http://prometheus:9090"
        and "127.0.0.1:9090:9090" in COMPOSE["services"]["prometheus"]["ports"]
    )
    (provider,) = read_yaml("grafana/provisioning/dashboards/embedrank.yaml")["providers"]
    mounts = [mount.split(":")[1] for mount in COMPOSE["services"]["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounts
