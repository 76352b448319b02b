"""The storage emulator of deploy/compose.yaml: what browsers ask of it, over a real socket."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.tools import DEPLOY, emulator, output_of, tool


@pytest.fixture(scope="module", name="emulator")
def emulator_module() -> ModuleType:
    return emulator()


@pytest.fixture
def port(emulator: ModuleType, tmp_path: Path) -> Iterator[int]:
    with emulator.server_of("127.0.0.1", 0, str(tmp_path), "media") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answer(port: int, method: str, headers: Mapping[str, str], body: bytes | None = None) -> Iterator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, "/media/cat.jpg", body, {"Origin": "http://localhost:8080", **headers})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def test_hadolint_has_nothing_to_say_of_its_image() -> None:
    assert output_of(tool("hadolint"), "--no-color", DEPLOY / "emulator/Dockerfile") == ""


def test_its_image_has_the_version_that_is_tested_here() -> None:
    pinned = re.findall(r"gcp-storage-emulator==(\S+)", DEPLOY.joinpath("emulator/Dockerfile").read_text("utf-8"))

    assert pinned == [version("gcp-storage-emulator")]


def test_a_page_of_another_origin_may_put_and_read(port: int) -> None:
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,x-goog-hash"}
    with answer(port, "OPTIONS", asked) as preflight:
        granted = {
            name: preflight.getheader(f"Access-Control-Allow-{name}") for name in ("Origin", "Methods", "Headers")
        }
    with answer(port, "PUT", {"Content-Type": "image/jpeg"}, b"a cat") as put:
        status = put.status
    with answer(port, "GET", {}) as got:
        body, readable = got.read(), got.getheader("Access-Control-Allow-Origin")

    assert (preflight.status, status) == (204, 200)
    assert granted == {"Origin": "*", "Methods": "PUT", "Headers": "content-type,x-goog-hash"}
    assert (body, readable) == (b"a cat", "*")


def test_a_connection_without_a_request_keeps_nobody_waiting(port: int, emulator: ModuleType) -> None:
    idle = HTTPConnection("127.0.0.1", port, timeout=10)
    idle.connect()

    assert emulator.is_healthy("127.0.0.1", port)

    idle.close()


def test_it_is_not_healthy_where_nobody_listens(emulator: ModuleType) -> None:
    assert not emulator.is_healthy("127.0.0.1", 0)
