"""The alert rules, the dashboard and the scrape example ask for what the service tells, and each alert has its runbook.

The metrics are taken from docs/observability.md, which another test compares with a running service.
"""

import json
import re
from typing import Any

import pytest
import yaml

from app.routes import ROUTES
from schema.problems import PROBLEMS
from tests.deploy.promql import Asked, asked
from tests.deploy.tools import DEPLOY, ROOT

ROW = re.compile(
    r"^\| `(?P<name>media_\w+)` \| (?P<kind>\w+) \| (?P<labels>(?:`\w+` ?)*)\|(?P<tells>.*)\|$", re.MULTILINE
)
METRICS = {row["name"]: row.groupdict() for row in ROW.finditer((ROOT / "docs/observability.md").read_text("utf-8"))}
SERIES = {
    f"{name}{suffix}": name
    for name, row in METRICS.items()
    for suffix in (("_bucket", "_count", "_sum") if row["kind"] == "histogram" else ("",))
}
"""A histogram is told as three series."""
OF_PROMETHEUS = {"up": {"job", "instance"}}
ALWAYS = {"job", "instance", "namespace", "pod"}
"""Labels that Prometheus adds when it scrapes as scrape.yaml says."""

ALERTS = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboard.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [rule["expr"] for rule in ALERTS] + [target["expr"] for panel in PANELS for target in panel["targets"]]


def labels_of(series: str) -> set[str]:
    labels = set(re.findall(r"\w+", METRICS[SERIES[series]]["labels"]))
    return labels | ALWAYS | ({"le"} if series.endswith("_bucket") else set())


def is_told(series: str, label: str, value: str) -> bool:
    """Whether a label can have that value, as far as the docs or the code say which it has."""
    match label:
        case "route":
            return value in {route.name for route in ROUTES}
        case "outcome" if series == "media_uploads_finished_total":
            return value in {"succeeded", *PROBLEMS}
        case "status":
            return re.fullmatch(r"[1-5](\d\d|\.\.)", value) is not None
        case _:
            return re.search(rf"\b{value}\b", METRICS[SERIES[series]]["tells"]) is not None


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_what_the_service_tells(expression: str) -> None:
    told = ours(asked(expression))

    assert told.metrics <= set(SERIES)
    assert {(series, label) for series, label in told.labels if label not in labels_of(series)} == set()
    assert {each for each in told.values if not is_told(*each)} == set()


def ours(everything: Asked) -> Asked:
    """Without what Prometheus tells itself, which is looked at here."""
    foreign = everything.metrics & set(OF_PROMETHEUS)
    assert all(label in OF_PROMETHEUS[name] for name, label in everything.labels if name in foreign)
    return Asked(
        everything.metrics - foreign,
        {each for each in everything.labels if each[0] not in foreign},
        {each for each in everything.values if each[0] not in foreign},
    )


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {SERIES[name] for panel in PANELS for target in panel["targets"] for name in asked(target["expr"]).metrics}

    assert shown == set(METRICS)


def test_panels_have_ids_of_their_own_and_do_not_lie_over_one_another() -> None:
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_whoever_opens_the_dashboard_chooses_its_prometheus() -> None:
    sources = [each["datasource"]["uid"] for panel in PANELS for each in (panel, *panel["targets"])]
    (variable,) = DASHBOARD["templating"]["list"]

    assert set(sources) == {f"${{{variable['name']}}}"}
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_urgent_it_is_what_it_is_about_and_where_its_runbook_is(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[1-9]\d*[mh]", rule["for"])
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"


def test_every_alert_has_its_section_in_the_operations_page_and_every_section_its_alert() -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    sections = re.findall(r"^### (Media\w+)$", page, re.MULTILINE)

    assert sections == [rule["alert"] for rule in ALERTS]


def test_what_is_scraped_are_the_jobs_that_the_alerts_ask_for() -> None:
    scrape = yaml.safe_load((DEPLOY / "prometheus/scrape.yaml").read_text("utf-8"))
    watched = {
        value for text in EXPRESSIONS for name, label, value in asked(text).values if (name, label) == ("up", "job")
    }

    assert watched <= {job["job_name"] for job in scrape["scrape_configs"]}
    assert scrape["rule_files"] == ["alerts.yaml"]
