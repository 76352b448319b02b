"""`python -m app storage check`: each thing that can be wrong with a store is found, and said with what to change."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.commands.storage import origins_of
from schema.settings import Settings
from storage.checking import check_store
from storage.finding import Finding
from tests.clock import ManualClock
from tests.deploy.tools import DEPLOY
from tests.gcs.accounts import EMAIL
from tests.gcs.bucket import Bucket
from tests.gcs.faults import Answered
from tests.gcs.server import FakeGcs
from tests.gcs.stores import settings_on

PAGE = "https://media.example.com"
CORS = json.loads(DEPLOY.joinpath("gcs-cors.json").read_text("utf-8"))
LIFECYCLE = json.loads(DEPLOY.joinpath("gcs-lifecycle.json").read_text("utf-8"))["lifecycle"]
GRANT = (
    "gcloud storage buckets add-iam-policy-binding gs://media-bucket"
    f" --member=serviceAccount:{EMAIL} --role=roles/storage.objectUser"
)


@pytest.fixture
def bucket(fake: FakeGcs) -> Bucket:
    """One that is set up by what `deploy/` has."""
    fake.bucket.config |= {"cors": CORS, "lifecycle": LIFECYCLE}
    return fake.bucket


async def found(fake: FakeGcs, clock: ManualClock, **changes: Any) -> list[Finding]:
    settings = settings_on(fake, **({"public_url": PAGE} | changes))
    return await check_store(settings, origins_of(settings), clock)


async def wrong(fake: FakeGcs, clock: ManualClock, **changes: Any) -> list[tuple[str, str]]:
    return [(each.subject, each.text) for each in await found(fake, clock, **changes) if not each.is_right]


@pytest.mark.usefixtures("bucket")
async def test_a_bucket_that_is_set_up_as_deploy_says_is_right(fake: FakeGcs, clock: ManualClock) -> None:
    fake.faults.add("bucket", Answered(503))

    assert [(each.subject, each.is_right) for each in await found(fake, clock)] == [
        ("rights", True),
        ("signatures", True),
        ("CORS", True),
        ("lifecycle", True),
    ]


@pytest.mark.parametrize(
    ("config", "subject", "change"),
    [
        (
            {"granted": ["storage.objects.get", "storage.objects.list"]},
            "rights",
            "storage.objects.create, storage.objects.delete are missing: " + GRANT,
        ),
        ({"cors": []}, "CORS", f"let {PAGE} use GET"),
        ({"cors": [CORS[0] | {"origin": ["https://*.example.org"]}]}, "CORS", f"let {PAGE} use GET"),
        ({"cors": [CORS[0] | {"method": ["GET", "HEAD"]}]}, "CORS", f"let {PAGE} use PUT"),
        (
            {"cors": [CORS[0] | {"responseHeader": ["Content-Type", "range"]}]},
            "CORS",
            "Content-Length, Content-Range, ETag, x-goog-content-length-range, x-goog-if-generation-match",
        ),
        ({"lifecycle": {}}, "lifecycle", "add the rule of deploy/gcs-lifecycle.json"),
        (
            {"lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]}},
            "lifecycle",
            "limit the rule Delete(age=30) to incoming/: it removes what the library owns, media/, derivatives/",
        ),
        (
            {
                "lifecycle": {
                    "rule": [
                        {"action": {"type": "Delete"}, "condition": {"age": 1, "matchesPrefix": ["incoming/"]}},
                        {"action": {"type": "Delete"}, "condition": {"age": 1, "isLive": False}},
                        {"action": {"type": "SetStorageClass"}, "condition": {"age": 1}},
                    ]
                }
            },
            "lifecycle",
            "an age of 8 days or more",
        ),
        ({"retentionPolicy": {"retentionPeriod": "60"}}, "retention", "could not be removed"),
    ],
)
async def test_what_a_bucket_lacks_is_said(
    fake: FakeGcs, bucket: Bucket, clock: ManualClock, config: dict[str, Any], subject: str, change: str
) -> None:
    bucket.config |= config

    [(said_of, said)] = await wrong(fake, clock)

    assert said_of == subject
    assert change in said


@pytest.mark.parametrize("origin", ["*", "https://*.example.com", PAGE])
async def test_an_origin_may_be_named_by_a_pattern(
    fake: FakeGcs, bucket: Bucket, clock: ManualClock, origin: str
) -> None:
    bucket.config["cors"] = [CORS[0] | {"origin": [origin]}]

    assert await wrong(fake, clock) == []


@pytest.mark.usefixtures("bucket")
async def test_every_page_that_may_call_is_looked_at(fake: FakeGcs, clock: ManualClock) -> None:
    [(subject, said)] = await wrong(fake, clock, cors_origins="https://studio.example")

    assert (subject, said.partition(" (")[0]) == ("CORS", "let https://studio.example use GET")


@pytest.mark.usefixtures("bucket")
async def test_uploads_that_may_take_longer_are_given_longer(fake: FakeGcs, clock: ManualClock) -> None:
    [(subject, said)] = await wrong(fake, clock, upload_deadline_seconds=8 * 86_400)

    assert (subject, "an age of 16 days" in said) == ("lifecycle", True)


@pytest.mark.usefixtures("bucket")
async def test_a_right_that_only_the_check_needs_is_said_to_be_one(fake: FakeGcs, clock: ManualClock) -> None:
    fake.faults.add("bucket", Answered(403))

    [(subject, said)] = await wrong(fake, clock)

    assert subject == "rules"
    assert "for this check alone" in said


async def test_a_bucket_that_is_missing_is_to_be_made(fake: FakeGcs, clock: ManualClock) -> None:
    assert await wrong(fake, clock, gcs_bucket="another") == [
        ("bucket", "make it: gcloud storage buckets create gs://another, or mend GCS_BUCKET")
    ]


@pytest.mark.usefixtures("bucket")
async def test_a_signature_that_is_refused_is_found(fake: FakeGcs, clock: ManualClock) -> None:
    an_hour_behind = ManualClock(clock() - timedelta(hours=1))

    [(subject, said)] = await wrong(fake, an_hour_behind)

    assert (subject, "is refused (HTTP 400" in said) == ("signatures", True)


async def test_what_can_not_be_asked_is_said(fake: FakeGcs, clock: ManualClock) -> None:
    fake.faults.add("bucket", Answered(400))

    assert await wrong(fake, clock) == [("bucket", f"{fake.endpoint} can't be asked about media-bucket: HTTP 400")]


def lines(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_stores_for_development_have_an_answer_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["storage", "check", "--json"], {}) == 0
    [memory] = lines(capsys)
    assert main(["storage", "check", "--json"], {"STORAGE_DIR": str(tmp_path), "MAX_VIDEO_BYTES": "1"}) == 0
    directory = lines(capsys)
    assert main(["storage", "check"], {"STORAGE_DIR": str(tmp_path), "MAX_VIDEO_BYTES": str(10**18)}) == 1
    table = capsys.readouterr().out

    assert (memory["subject"], memory["right"], "in memory" in memory["text"]) == ("store", True, True)
    assert [(each["subject"], each["right"]) for each in directory] == [("store", True), ("room", True)]
    assert "CHANGE  room" in table
    assert list(tmp_path.rglob("*secret*")) == []


def test_a_directory_that_can_not_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "checks").write_text("a file where a directory belongs")

    status = main(["storage", "check", "--json"], {"STORAGE_DIR": str(tmp_path)})

    assert status == 1
    assert lines(capsys)[0]["right"] is False


def test_a_store_that_can_not_be_opened_is_a_wrong_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["storage", "check"], {"STORAGE_DIR": "/dev/null/media"}) == 2
    assert capsys.readouterr().err.startswith("STORAGE_DIR: ")


def test_without_an_address_the_pages_are_those_of_host_and_port() -> None:
    settings = Settings(port=9000, cors_origins=("http://127.0.0.1:9000", "http://a.example"))

    assert list(origins_of(settings)) == ["http://127.0.0.1:9000", "http://a.example"]
