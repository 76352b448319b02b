"""deploy/kubernetes, by the schemas of Kubernetes and by what we want of it. No cluster takes part."""

import re
from typing import Any

import pytest
import yaml
from kubernetes_validate.utils import validate

from actors.fleet import BEYOND_DRAIN_SECONDS
from app.fleet import GRACE_SECONDS
from app.routes import ROUTES
from schema.settings import Settings
from tests.deploy.dockerfile import DOCKERFILE, steps_of
from tests.deploy.promql import asked
from tests.deploy.settings import check_settings
from tests.deploy.tools import DEPLOY

FOLDER = DEPLOY / "kubernetes"
VERSIONS = ("1.30", "1.37")
"""The first that knows all that is used here (preStop.sleep), and the last that the schemas are there for."""
SECRET = {
    "AUTH_SECRET": "a secret that is long enough for HS256",
    "DATABASE_URL": "cockroachdb+psycopg://media@database:26257/media",
    "REDIS_URL": "redis://redis:6379/0",
}


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text("utf-8")))


KUSTOMIZATION = documents("kustomization.yaml")[0]
RESOURCES = [each for name in KUSTOMIZATION["resources"] for each in documents(name)]
EXAMPLE = documents("secret.example.yaml")[0]
SERVING = ("web", "worker")


def resource(kind: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in RESOURCES if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def pod(name: str) -> dict[str, Any]:
    """What the pods of a Deployment or a Job are."""
    return dict(resource("Job" if name == "migrate" else "Deployment", name)["spec"]["template"]["spec"])


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    return dict(only)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("each", [*RESOURCES, EXAMPLE], ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_a_resource_is_what_the_cluster_takes(each: dict[str, Any], version: str) -> None:
    validate(each, version, strict=True)


def test_every_file_is_applied_but_the_example_of_a_secret() -> None:
    files = {file.name for file in FOLDER.iterdir()} - {"kustomization.yaml"}

    assert files - set(KUSTOMIZATION["resources"]) == {"secret.example.yaml"}
    assert len(KUSTOMIZATION["images"]) == 1


@pytest.mark.parametrize("name", ["migrate", *SERVING])
def test_the_settings_of_a_pod_are_settings_that_go_together(name: str) -> None:
    given = {each["name"]: each["value"] for each in container(name).get("env", ())}
    config = resource("ConfigMap", "media")["data"]

    check_settings(config | SECRET | given)

    assert set(EXAMPLE["stringData"]) == set(SECRET)


@pytest.mark.parametrize("name", ["migrate", *SERVING])
def test_a_pod_has_no_rights(name: str) -> None:
    (user,) = (step.value for step in steps_of(DOCKERFILE.read_text("utf-8")) if step.name == "USER")
    security = pod(name)["securityContext"]

    assert f"{security['runAsUser']}:{security['runAsGroup']}" == user
    assert security["runAsNonRoot"]
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(name)["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", ["migrate", *SERVING])
def test_variables_of_the_cluster_do_not_pass_for_settings(name: str) -> None:
    # A Service named `worker` would set WORKER_PORT to tcp://… in every pod.
    assert pod(name)["enableServiceLinks"] is False


@pytest.mark.parametrize("name", SERVING)
def test_probes_ask_the_port_that_answers_and_a_restart_asks_no_dependency(name: str) -> None:
    fields = Settings.model_fields
    (port,) = container(name)["ports"]
    probes = {kind: container(name)[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}

    assert port["containerPort"] == fields["port" if name == "web" else "worker_port"].default
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert probes["liveness"]["path"] == "/healthz"
    assert {probe["path"] for probe in probes.values()} == {"/healthz", "/readyz"}


def test_a_web_pod_that_has_started_serves_on_when_a_dependency_is_lost() -> None:
    assert container("web")["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert container("web")["startupProbe"]["httpGet"]["path"] == "/readyz"


def test_nothing_is_killed_before_its_drain_is_over() -> None:
    drain = int(resource("ConfigMap", "media")["data"]["DRAIN_SECONDS"])
    pause = container("web")["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert pod("worker")["terminationGracePeriodSeconds"] > drain + BEYOND_DRAIN_SECONDS
    assert pod("web")["terminationGracePeriodSeconds"] > pause + GRACE_SECONDS


@pytest.mark.parametrize("name", SERVING)
def test_a_deployment_never_takes_away_before_it_has_replaced(name: str) -> None:
    strategy = resource("Deployment", name)["spec"]["strategy"]["rollingUpdate"]
    budget = resource("PodDisruptionBudget", name)["spec"]

    assert strategy == {"maxUnavailable": 0, "maxSurge": 1}
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == resource("Deployment", name)["spec"]["selector"]


@pytest.mark.parametrize("name", SERVING)
def test_the_autoscaler_alone_says_how_many_there_are(name: str) -> None:
    scaler = resource("HorizontalPodAutoscaler", name)["spec"]

    assert "replicas" not in resource("Deployment", name)["spec"]
    assert (scaler["scaleTargetRef"]["kind"], scaler["scaleTargetRef"]["name"]) == ("Deployment", name)
    assert scaler["minReplicas"] >= 2


def test_workers_are_scaled_by_a_metric_that_the_adapter_makes_of_the_queue() -> None:
    (metric,) = resource("HorizontalPodAutoscaler", "worker")["spec"]["metrics"]
    values = yaml.safe_load((DEPLOY / "prometheus/adapter.yaml").read_text("utf-8"))
    (rule,) = values["rules"]["external"]
    queried = re.sub(r"<<\.LabelMatchers>>", 'namespace="media"', rule["metricsQuery"])

    assert metric["external"]["metric"]["name"] == rule["name"]["as"]
    assert asked(queried).metrics == {"media_queue_jobs", "media_worker_busy"}
    assert asked(rule["seriesQuery"]).metrics == {"media_queue_jobs"}


def test_prometheus_finds_the_pods_by_their_label_and_the_name_of_their_port() -> None:
    scrape = yaml.safe_load((DEPLOY / "prometheus/scrape.yaml").read_text("utf-8"))
    (job,) = (job for job in scrape["scrape_configs"] if "kubernetes_sd_configs" in job)
    kept = {rule["source_labels"][0]: rule["regex"] for rule in job["relabel_configs"] if rule.get("action") == "keep"}

    assert job["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": [KUSTOMIZATION["namespace"]]}}]
    for name in SERVING:
        labels = resource("Deployment", name)["spec"]["template"]["metadata"]["labels"]
        assert re.fullmatch(
            kept["__meta_kubernetes_pod_label_app_kubernetes_io_component"], labels["app.kubernetes.io/component"]
        )
        assert kept["__meta_kubernetes_pod_container_port_name"] == container(name)["ports"][0]["name"]


def test_the_ingress_lets_in_what_browsers_need_and_nothing_of_operations() -> None:
    (rule,) = resource("Ingress", "web")["spec"]["rules"]
    paths = rule["http"]["paths"]

    def is_let_in(path: str) -> bool:
        return any(
            path == each["path"] or (each["pathType"] == "Prefix" and path.startswith(f"{each['path']}/"))
            for each in paths
        )

    assert [route.path for route in ROUTES if is_let_in(route.path) == route.is_fixed] == []


def test_streams_are_not_buffered_and_outlive_the_pauses_between_their_comments() -> None:
    annotations = resource("Ingress", "web")["metadata"]["annotations"]
    told = {name.removeprefix("nginx.ingress.kubernetes.io/"): value for name, value in annotations.items()}

    assert {told["proxy-buffering"], told["proxy-request-buffering"]} == {"off"}
    assert int(told["proxy-read-timeout"]) > 2 * Settings.model_fields["heartbeat_seconds"].default


def test_whoever_is_named_by_a_policy_is_there() -> None:
    labels = [resource("Deployment", name)["spec"]["template"]["metadata"]["labels"] for name in SERVING]
    labels.append(resource("Job", "migrate")["spec"]["template"]["metadata"]["labels"])
    policies = [each["spec"]["podSelector"] for each in RESOURCES if each["kind"] == "NetworkPolicy"]

    assert {} in policies
    for selector in policies:
        wanted = selector.get("matchLabels", {}).items()
        assert any(wanted <= each.items() for each in labels)
