"""Dashboard, alerts and autoscaler use metrics, and labels, that a live server really exports."""

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.files import DEPLOY, read_yaml
from tests.engine.fakes import until
from tests.serving.fakes import client, embed

BOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "embedrank.json").read_text())
OF_PROMETHEUS = {"instance", "job", "namespace", "pod"}  # labels that it adds itself


def expressions():
    """Every expression with where it stands."""
    for panel in BOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for group in read_yaml("prometheus/alerts.yml")["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for rule in read_yaml("kubernetes/prometheus-adapter.yaml")["rules"]["custom"]:
        yield "autoscaler", rule["seriesQuery"]
        yield "autoscaler", re.sub(r"<<.*?>>", "", rule["metricsQuery"]).replace("by ()", "")
    (variable,) = BOARD["templating"]["list"]
    yield "variable", variable["query"]


@pytest.fixture
def exported(serving, loader):
    """Labels and their values by the name of a sample, after requests that went well and badly."""
    live = serving(loader=loader)
    embed(live.url, ["a", "b"])
    embed(live.url, [])

    def samples():
        text = client().get(f"{live.url}/metrics").text
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    until(lambda: any(sample.name == "embedrank_problems_total" for sample in samples()))
    labels = {}
    for sample in samples():
        for name, value in (*sample.labels.items(), ("", "")):
            labels.setdefault(sample.name, {}).setdefault(name, set()).add(value)
    return labels


def test_every_metric_and_every_label_that_is_asked_for_is_exported(exported):
    num_asked = 0
    for place, expression in expressions():
        for name, selector in re.findall(r"(embedrank_\w+)(?:\{(.*?)\})?", expression):
            num_asked += 1
            assert name in exported, f"{place}: {name}"
            asked = set(re.findall(r"(\w+)(?:=~|!=|!~|=)", selector))
            assert asked - OF_PROMETHEUS <= set(exported[name]), f"{place}: {expression}"
            for label, value in re.findall(r'(\w+)="([^"]+)"', selector):
                known = exported[name][label]
                assert value in known or label == "status", f"{place}: {label}={value} of {sorted(known)}"
        names = re.findall(r"embedrank_\w+", expression)
        for group in re.findall(r"by \(([^)]+)\)", expression):
            grouped = set(re.split(r",\s*", group)) - OF_PROMETHEUS
            assert any(grouped <= set(exported[name]) for name in names), f"{place}: {expression}"
    assert num_asked > 40


def test_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other():
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_asks_the_source_that_is_provisioned():
    (source,) = read_yaml("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    for panel in BOARD["panels"]:
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
            assert panel["targets"], panel["title"]
