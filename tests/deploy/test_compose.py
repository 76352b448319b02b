"""deploy/compose.yaml, as Docker Compose itself reads it. Nothing is started: no Docker engine takes part."""

import json
import re
from typing import Any

import pytest

from actors.fleet import BEYOND_DRAIN_SECONDS
from app.fleet import GRACE_SECONDS
from tests.deploy.settings import check_settings
from tests.deploy.tools import DEPLOY, output_of, tool

SECRET = "a secret that is long enough for HS256"
OURS = ("migrate", "web", "worker")


def composed(**environment: str) -> dict[str, Any]:
    return dict(
        json.loads(
            output_of(
                tool("docker-compose"),
                "--file",
                DEPLOY / "compose.yaml",
                # A real deploy/.env is none of a test's business.
                "--env-file",
                "/dev/null",
                "config",
                "--no-env-resolution",
                "--format",
                "json",
                environment=environment,
            )
        )
    )


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(composed(AUTH_SECRET=SECRET)["services"])


def seconds(text: str) -> int:
    """Compose's durations, as it prints them."""
    found = re.fullmatch(r"(?:(\d+)m)?(\d+)s", text)
    assert found
    return 60 * int(found[1] or 0) + int(found[2])


def test_without_a_secret_it_does_not_start() -> None:
    with pytest.raises(AssertionError, match="AUTH_SECRET"):
        composed()


@pytest.mark.parametrize("name", OURS)
def test_the_settings_of_a_service_are_settings_that_go_together(services: dict[str, Any], name: str) -> None:
    check_settings(services[name]["environment"])


def test_there_are_two_workers_and_web_processes_that_share_a_port(services: dict[str, Any]) -> None:
    assert services["worker"]["deploy"]["replicas"] == 2
    assert int(services["web"]["environment"]["WEB_PROCESSES"]) > 1


def test_nothing_is_killed_before_its_drain_is_over(services: dict[str, Any]) -> None:
    drain = int(services["worker"]["environment"]["DRAIN_SECONDS"])

    assert seconds(services["worker"]["stop_grace_period"]) > drain + BEYOND_DRAIN_SECONDS
    assert seconds(services["web"]["stop_grace_period"]) > GRACE_SECONDS


def test_the_database_is_there_and_migrated_before_anything_serves(services: dict[str, Any]) -> None:
    awaited = {name: {on: how["condition"] for on, how in services[name]["depends_on"].items()} for name in OURS}

    assert services["database-init"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert awaited["migrate"] == {"database-init": "service_completed_successfully"}
    assert awaited["web"] == awaited["worker"]
    assert awaited["web"]["migrate"] == "service_completed_successfully"
    assert {awaited["web"]["redis"], awaited["web"]["storage"]} == {"service_healthy"}


@pytest.mark.parametrize("name", [*OURS, "redis", "storage"])
def test_a_service_can_write_nothing_but_what_it_needs_and_has_no_rights(services: dict[str, Any], name: str) -> None:
    service = services[name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_service_that_stays_has_a_bound_on_its_memory(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "mem_limit" not in service} == {"database-init"}


def test_only_this_machine_reaches_what_is_published(services: dict[str, Any]) -> None:
    published = {name: port for name, service in services.items() for port in service.get("ports", ())}

    assert {port["host_ip"] for port in published.values()} == {"127.0.0.1"}
    assert set(published) == {"web", "storage"}


def test_images_of_others_have_a_version(services: dict[str, Any]) -> None:
    foreign = [service["image"] for service in services.values() if "build" not in service]

    assert all(re.search(r":v?\d", image) for image in foreign)


def test_browsers_and_services_find_the_bucket_under_one_name(services: dict[str, Any]) -> None:
    host, _, port = services["web"]["environment"]["GCS_ENDPOINT"].removeprefix("http://").partition(":")

    # RFC 6761, section 6.3: names below localhost are this machine to whoever looks them up.
    assert host.endswith(".localhost")
    assert services["storage"]["networks"]["default"]["aliases"] == [host]
    assert {each["published"] for each in services["storage"]["ports"]} == {port}
