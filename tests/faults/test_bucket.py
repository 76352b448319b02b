"""A fleet on a bucket: what browsers send and read goes straight there, and a bucket that fails takes nothing along."""

import contextlib
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from jobs.clock import system_clock
from storage.store import RESUMABLE_GRANULE_BYTES as GRANULE
from tests.acceptance.client import Client, token_of
from tests.acceptance.service import new_session
from tests.acceptance.uploading import PNG, digest, opened, served, uploaded
from tests.contract.store_kit import stream
from tests.faults.belongings import check_storage, owned_by
from tests.faults.fleet import running_fleet
from tests.faults.test_outages import OBJECT, UPLOAD, Call, answers, assert_unavailable
from tests.gcs.accounts import Account
from tests.gcs.faults import Answered, Cut, Silent
from tests.gcs.server import FakeGcs, running
from tests.postgres import PostgresServer
from tests.redis import RedisServer
from tests.unit.actors.processing.samples import image

NEED_STORE: tuple[Call, ...] = (("POST", "/media/upload/init", UPLOAD | {"resumable": True}),)
WITHOUT_STORE: tuple[tuple[Call, int], ...] = (
    (("GET", "/healthz", None), 200),
    (("GET", "/readyz", None), 503),
    (("GET", "/jobs", None), 200),
    (("GET", "/media", None), 200),
    (("POST", "/media/upload/init", UPLOAD), 201),  # a URL is signed without asking anybody
    (("POST", "/media/upload/complete", OBJECT), 404),
    (("POST", "/events/ticket", {}), 201),
)
"""What the database and a key allow."""


async def test_a_fleet_works_on_a_bucket_and_survives_its_outages(
    tmp_path: Path, postgres: PostgresServer, fault_redis: RedisServer, gcs_account: Account
) -> None:
    async with (
        running(system_clock, gcs_account) as fake,
        running_fleet(tmp_path, postgres, fault_redis, bucket=fake, webs=1, workers=1) as fleet,
        new_session() as session,
    ):
        client = Client(session, fleet.bases[0], "alice", token_of("alice"))

        items = [await client.picture(), await uploaded(client), await sent_in_chunks(client, fake)]
        for item in items:
            await check_served(client, fake, item)
        await check_storage(fleet)
        late = await during_outages(client, fake)
        items += (await client.ending_of(late)).data["result"]["media"]
        await check_storage(fleet)
        deleted = await client.post("/media/delete", {"paths": [item["path"] for item in items]})
        await check_storage(fleet)

        assert deleted.status == 200, deleted.body
        assert owned_by(fleet) == set()
        assert (await client.job(late))["attempts"] == 1


async def sent_in_chunks(client: Client, fake: FakeGcs) -> Any:
    """A picture that a session brings, of which the connection breaks in the middle; its item in the library."""
    pixels = Image.frombytes("RGB", (512, 512), random.Random(1).randbytes(512 * 512 * 3))
    body = image(PNG, pixels, compress_level=0)
    upload = await opened(client, size=len(body), resumable=True)
    fake.faults.add("put", Cut(GRANULE + 5))
    with contextlib.suppress(OSError):  # a body that can't be sent twice, which aiohttp would do by itself
        await upload.put(stream(body), **{"Content-Range": f"bytes 0-{len(body) - 1}/{len(body)}"})
    asked = await upload.put(b"", **{"Content-Range": f"bytes */{len(body)}"})
    assert (asked.status, asked.headers["Range"]) == (308, f"bytes=0-{GRANULE - 1}")
    rest = await upload.put(body[GRANULE:], **{"Content-Range": f"bytes {GRANULE}-{len(body) - 1}/{len(body)}"})
    assert rest.status == 200, rest.body
    await upload.complete()
    ending = await client.ending_of(upload.job_id)
    assert ending.name == "upload_complete", ending
    return (await client.get(f"/{upload.path}")).json


async def check_served(client: Client, fake: FakeGcs, item: Any) -> None:
    """The permanent URL leads to the bucket, and to these bytes."""
    target = urlsplit(item["url"]).path
    moved = await client.get(target)
    assert moved.status == 302
    assert moved.headers["Location"].startswith(f"{fake.endpoint}/{fake.bucket.name}/media/alice/")
    assert digest((await served(client, target)).body) == item["sha256"]


async def during_outages(client: Client, fake: FakeGcs) -> str:
    """Look what is answered in time while the bucket is silent, then busy; a job that is asked for meanwhile."""
    for outage in (Silent(), Answered(503)):
        fake.faults.outage = outage
        assert_unavailable(await answers(client, NEED_STORE))
        answered = await answers(client, [call for call, _ in WITHOUT_STORE])
        assert [answer.status for answer in answered] == [status for _, status in WITHOUT_STORE]
    job_id = await client.generate()
    fake.faults.outage = None
    return job_id
