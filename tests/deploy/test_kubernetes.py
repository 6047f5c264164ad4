"""The manifests parse, belong together, and start the server with a command and settings that it takes."""

import re

import pytest
import yaml

from tests.deploy.files import DEPLOY, instructions, parsed, read_yaml, settings_in

RESOURCES = {name: read_yaml(f"kubernetes/{name}") for name in read_yaml("kubernetes/kustomization.yaml")["resources"]}
POD = RESOURCES["deployment.yaml"]["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]


def test_every_manifest_is_applied():
    others = {"kustomization.yaml", "prometheus-adapter.yaml"}  # the second is no manifest
    assert {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - others == set(RESOURCES)
    for resource in RESOURCES.values():
        assert {"apiVersion", "kind", "metadata"} <= set(resource)


@pytest.fixture
def settings(tmp_path):
    """Of the ConfigMap, as the container finds them."""
    for name, text in RESOURCES["configmap.yaml"]["data"].items():
        (tmp_path / name).write_text(text)
    options = parsed(CONTAINER["args"])
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    assert str(options["config"].parent) == mounts["config"]
    return settings_in(tmp_path / options["config"].name)


def test_the_server_is_started_with_settings_that_it_takes(settings):
    assert settings.host == "0.0.0.0"
    assert settings == settings_in(DEPLOY / "serve.yaml")


def test_keys_come_from_the_secret(tmp_path):
    from embedrank.cli.serve_settings import _keys_in

    secret = RESOURCES["secret.yaml"]
    path = parsed(CONTAINER["args"])["api_key_file"]
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in POD["spec"]["volumes"]}
    assert volumes["keys"]["secret"]["secretName"] == secret["metadata"]["name"]
    assert str(path.parent) == mounts["keys"]
    (tmp_path / "keys").write_text(secret["stringData"][path.name])
    assert _keys_in(tmp_path / "keys") == {"example": {"key": "replace-this-key"}}


def test_everything_that_is_mounted_is_a_volume():
    assert {m["name"] for m in CONTAINER["volumeMounts"]} == {volume["name"] for volume in POD["spec"]["volumes"]}
    assert {"/models", "/data", "/tmp"} <= {mount["mountPath"] for mount in CONTAINER["volumeMounts"]}


def test_probes_ask_paths_that_there_are_on_the_port_that_is_served(settings):
    from embedrank.serving.dialects.operations.dialect import OPERATIONS

    (port,) = CONTAINER["ports"]
    assert port["containerPort"] == settings.port
    asked = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {name: get["path"] for name, get in asked.items()} == {
        "startup": "/ready",
        "readiness": "/ready",
        "liveness": "/health",
    }
    assert {get["path"] for get in asked.values()} <= OPERATIONS.open_paths
    assert {get["port"] for get in asked.values()} == {port["name"]}
    (service_port,) = RESOURCES["service.yaml"]["spec"]["ports"]
    assert service_port["targetPort"] == port["name"]
    assert POD["metadata"]["annotations"]["prometheus.io/port"] == str(settings.port)


def test_a_pod_has_time_to_answer_what_it_has_taken_on(settings):
    pause_s = float(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["spec"]["terminationGracePeriodSeconds"] > pause_s + settings.drain_timeout_s


def test_the_pod_runs_as_the_user_of_the_image():
    (user,) = [line.split()[1] for line in instructions() if line.startswith("USER ")]
    security = POD["spec"]["securityContext"]
    assert user == f"{security['runAsUser']}:{security['runAsGroup']}" and security["runAsNonRoot"]


def test_all_select_the_pods_of_the_deployment():
    labels = POD["metadata"]["labels"]
    assert RESOURCES["deployment.yaml"]["spec"]["selector"]["matchLabels"] == labels
    assert RESOURCES["service.yaml"]["spec"]["selector"] == labels
    assert RESOURCES["pdb.yaml"]["spec"]["selector"]["matchLabels"] == labels
    scaled, deployment = RESOURCES["hpa.yaml"]["spec"]["scaleTargetRef"], RESOURCES["deployment.yaml"]
    assert (scaled["kind"], scaled["name"]) == (deployment["kind"], deployment["metadata"]["name"])


def test_the_autoscaler_reads_a_metric_that_the_adapter_offers():
    wanted = [m["pods"]["metric"]["name"] for m in RESOURCES["hpa.yaml"]["spec"]["metrics"] if m["type"] == "Pods"]
    rules = read_yaml("kubernetes/prometheus-adapter.yaml")["rules"]["custom"]
    assert wanted == [rule["name"]["as"] for rule in rules]


def test_every_number_of_a_resource_is_one_that_kubernetes_reads():
    resources = CONTAINER["resources"]
    for quantity in (*resources["requests"].values(), *resources["limits"].values()):
        assert re.fullmatch(r"\d+(m|Mi|Gi)?", yaml.safe_load(str(quantity)) and str(quantity))
