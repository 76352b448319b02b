"""The AsyncAPI document is valid, and tells the event catalogue."""

import gzip
import json
from pathlib import Path

from jsonschema import Draft7Validator

from app.reference.asyncapi import asyncapi
from app.routes import ROUTES, documented_path
from schema.events import EVENTS
from tests.unit.app.reference.samples import complaints, deployment

META_SCHEMA = Path(__file__).parent / "metaschemas" / "asyncapi-3.0.0.json.gz"
DOCUMENT = asyncapi(deployment())


def test_the_document_is_valid_asyncapi() -> None:
    meta_schema = json.loads(gzip.decompress(META_SCHEMA.read_bytes()))

    assert [error.message for error in Draft7Validator(meta_schema).iter_errors(DOCUMENT)] == []


def test_every_event_is_a_message_and_its_example_fits_its_payload() -> None:
    messages = DOCUMENT["components"]["messages"]

    assert list(messages) == list(EVENTS)
    for name, message in messages.items():
        assert message["payload"] == {"$ref": f"#/components/schemas/{EVENTS[name].payload.__name__}"}
        for example in message["examples"]:
            assert complaints(DOCUMENT, message["payload"], example["payload"]) == [], name


def test_every_stream_is_a_channel() -> None:
    addresses = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}

    assert addresses == {route.name: documented_path(route.path) for route in ROUTES if route.takes_ticket}


def test_a_jobs_own_stream_tells_of_nothing_else() -> None:
    of_all, of_one = (DOCUMENT["channels"][name]["messages"] for name in ("stream_events", "stream_job"))

    assert list(of_all) == list(EVENTS)
    assert set(of_all) - set(of_one) == {"snapshot", "media_deleted"}


def test_the_server_is_where_clients_reach_it() -> None:
    [server] = asyncapi(deployment(base_path="/example-api"))["servers"].values()

    assert server == {"host": "media.example:8443", "protocol": "https", "pathname": "/example-api"}
