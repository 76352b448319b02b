"""Uploads that are refused: at the opening, at the signed URL, and when the bytes are looked at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from yarl import URL

from tests.acceptance.client import Client
from tests.acceptance.expectations import assert_problem, assert_refused_field
from tests.acceptance.service import Service, in_process
from tests.acceptance.uploading import PNG, Opened, init, opened, refused, served, uploaded
from tests.unit.actors.processing.samples import image, png, sample_of

BODY = sample_of(PNG)
HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n"
HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
FFCONCAT = b"ffconcat version 1.0\nfile '/etc/passwd'\n"
FTYP = b"\0\0\0\x18ftypisom\0\0\2\0isommp41"


async def chunked(body: bytes) -> AsyncIterator[bytes]:
    """A body without a Content-Length."""
    yield body


@pytest.mark.parametrize(
    "content_type",
    [
        "image/svg+xml",
        "image/heic",
        "text/html",
        "application/pdf",
        "image/PNG",
        "image/png; charset=utf-8",
        "video/x-flv",
    ],
)
async def test_another_type_is_refused_at_the_opening(alice: Client, content_type: str) -> None:
    assert_problem(await init(alice, content_type), 415, "unsupported_media_type")


async def test_the_operator_may_narrow_the_types(tmp_path: Path) -> None:
    async with in_process(tmp_path, upload_types="image/webp, video/mp4") as service:
        answers = [await init(service.client(), each) for each in ("image/webp", "video/mp4", PNG)]

    assert [answer.status for answer in answers] == [201, 201, 415]


@pytest.mark.parametrize(("content_type", "most"), [(PNG, 50 * 2**20), ("video/mp4", 2 * 2**30)])
async def test_more_bytes_than_the_type_may_have_are_refused_at_the_opening(
    alice: Client, content_type: str, most: int
) -> None:
    for size in (most + 1, 2**63, 10**30):
        assert_problem(await init(alice, content_type, size=size), 413, "payload_too_large")
    assert (await init(alice, content_type, size=most, resumable=True)).status == 201


@pytest.mark.parametrize("size", [0, -1, 1.5, "3", True, [], {}])
async def test_a_size_that_is_none_is_refused(alice: Client, size: object) -> None:
    assert_refused_field(await init(alice, size=size), "size")


@pytest.mark.parametrize(
    "filename",
    ["", " ", ".", "..", "/", "../..", "...", "a/", "___", "\u200b", "\u202e", "\x07", "a\0b", "x" * 1025, 3, None],
)
async def test_a_filename_of_which_nothing_is_left_is_refused(alice: Client, filename: Any) -> None:
    assert_refused_field(await init(alice, filename=filename), "filename")


@pytest.mark.parametrize("member", [{"objectPath": "media/a/b/c"}, {"owner": "bob"}, {"resumable": "yes"}])
async def test_a_member_that_is_unknown_or_of_another_type_is_refused(alice: Client, member: dict[str, Any]) -> None:
    assert_refused_field(await init(alice, **member), next(iter(member)))


@pytest.mark.parametrize(
    ("filename", "safe"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("%2e%2e%2fcat.png", "_2e_2e_2fcat.png"),
        ("a b?c#d&e.png", "a_b_c_d_e.png"),
        (".htaccess", "htaccess.png"),
        ("K\u0061\u0308tzchen \u732b.png", "K\u00e4tzchen_\u732b.png"),
        ("cat\u202egnp.exe", "catgnp.exe"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("\u732b" * 300, "\u732b" * 38 + ".png"),
    ],
)
async def test_a_filename_is_made_safe(alice: Client, filename: str, safe: str) -> None:
    upload = await opened(alice, filename=filename)

    prefix, name = upload.path.rsplit("/", 1)
    assert name == safe
    assert prefix.startswith(f"media/{alice.user}/")
    assert unquote(URL(upload.url, encoded=True).raw_path).endswith(f"/{safe}")
    assert (await upload.put(BODY)).status == 200


async def test_a_name_in_any_script_leads_to_the_object(alice: Client) -> None:
    item = await uploaded(alice, PNG, BODY, "K\u00e4tzchen \u732b.png")

    assert item["path"].endswith("/K\u00e4tzchen_\u732b.png")
    assert (await alice.get(f"/media?prefix={quote(item['path'].split('/', 2)[2])}")).json["items"] == [item]
    assert (await served(alice, item["url"])).status == 200
    assert (await alice.delete(quote(f"/{item['path']}"))).status == 204
    assert await alice.media() == []


def _other(text: str) -> str:
    return ("0" if text[-1] != "0" else "1").join([text[:-1], ""])


REFUSALS: dict[str, tuple[int, Callable[[Opened], Any]]] = {
    "another type": (403, lambda upload: upload.put(BODY, **{"Content-Type": "text/html"})),
    "another range": (403, lambda upload: upload.put(BODY, **{"x-upload-content-length-range": "0,999999"})),
    "one byte too many": (413, lambda upload: upload.put(BODY + b"!")),
    "one byte too few": (400, lambda upload: upload.put(BODY[:-1])),
    "nothing": (400, lambda upload: upload.put(b"")),
    "too many without a length": (413, lambda upload: upload.put(chunked(BODY + b"!"))),
    "too few without a length": (400, lambda upload: upload.put(chunked(BODY[:-1]))),
    "POST": (405, lambda upload: upload.put(BODY, method="POST")),
    "PATCH": (405, lambda upload: upload.put(BODY, method="PATCH")),
    "GET": (403, lambda upload: upload.put(None, method="GET")),
    "DELETE": (403, lambda upload: upload.put(None, method="DELETE")),
}


@pytest.mark.parametrize("attempt", REFUSALS)
async def test_the_url_refuses_what_was_not_signed_and_is_not_used_up_by_it(alice: Client, attempt: str) -> None:
    status, send = REFUSALS[attempt]
    upload = await opened(alice, size=len(BODY))

    answer = await send(upload)

    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await upload.put(BODY)).status == 200


@pytest.mark.parametrize("parameter", ["v", "expires", "signature", "path", "added", "repeated"])
async def test_an_altered_url_is_refused(alice: Client, parameter: str) -> None:
    upload = await opened(alice, size=len(BODY))
    url = URL(upload.url, encoded=True)
    match parameter:
        case "path":
            altered = upload.url.replace("/cat.png", "/dog.png")
        case "added":
            altered = f"{upload.url}&filename=x"
        case "repeated":
            altered = f"{upload.url}&expires={url.query['expires']}"
        case _:
            value = url.query[parameter]
            altered = upload.url.replace(f"{parameter}={value}", f"{parameter}={_other(value)}")
    assert altered != upload.url

    assert_problem(await upload.put(BODY, url=altered), 403, "forbidden")
    assert (await upload.put(BODY)).status == 200


async def test_a_url_without_its_headers_is_refused(alice: Client) -> None:
    upload = await opened(alice, size=len(BODY))

    async with alice.session.put(alice.url(upload.url), data=BODY) as response:
        assert response.status == 403


async def test_a_second_put_is_refused_and_the_first_one_stays(alice: Client) -> None:
    upload = await opened(alice)

    first, second = await upload.put(BODY), await upload.put(image(PNG))

    assert first.status == 200
    assert_problem(second, 412, "object_exists")
    assert (await upload.complete()).status == 202
    await alice.ending_of(upload.job_id)
    assert (await alice.get(f"/{upload.path}")).json["width"] == 80


async def test_of_puts_at_the_same_time_one_is_taken(alice: Client) -> None:
    upload = await opened(alice, size=len(BODY))

    answers = await asyncio.gather(*(upload.put(BODY) for _ in range(8)))

    assert sorted(answer.status for answer in answers) == [200] + [412] * 7


async def test_a_put_after_the_end_is_refused(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        upload = await opened(service.client(), size=len(BODY))
        await upload.finish(BODY)
        before = await service.stored()

        again = await upload.put(BODY)

        assert_problem(again, 412, "object_exists")
        assert await service.stored() == before


async def test_bytes_beyond_the_bound_are_refused_before_they_have_come(service: Service) -> None:
    alice = service.client()
    upload = await opened(alice, size=len(BODY))

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(2**16)

    answer = await upload.put(endless())

    assert_problem(answer, 413, "payload_too_large")
    assert (await upload.put(BODY)).status == 200


async def test_completing_before_the_bytes_are_there_is_too_early(alice: Client) -> None:
    upload = await opened(alice)

    early = await upload.complete()

    assert_problem(early, 409, "upload_incomplete")
    assert (await upload.finish(BODY)).name == "upload_complete"


@pytest.mark.parametrize("path", ["", "x" * 1025, 3, None, "a\0b"])
async def test_a_reference_that_is_no_path_is_refused(alice: Client, path: object) -> None:
    for action in ("complete", "abort"):
        assert_refused_field(await alice.post(f"/media/upload/{action}", {"objectPath": path}), "objectPath")


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        pytest.param(PNG, HTML, id="html"),
        pytest.param(PNG, EPS, id="eps"),
        pytest.param(PNG, SVG, id="svg"),
        pytest.param(PNG, BODY[:33] + HTML, id="polyglot"),
        pytest.param(PNG, png(8, 8, pixels=b"PK\3\4nonsense"), id="undecodable"),
        pytest.param(PNG, bytes(5000), id="zeros"),
        pytest.param("image/jpeg", BODY, id="png as jpeg"),
        pytest.param("image/jpeg", sample_of("image/jpeg")[:-200], id="truncated jpeg"),
        pytest.param("video/mp4", HLS, id="hls"),
        pytest.param("video/mp4", FTYP + HLS, id="hls behind a signature"),
        pytest.param("video/mp4", FFCONCAT, id="ffconcat"),
        pytest.param("video/mp4", sample_of("video/mp4")[:-500], id="truncated mp4"),
    ],
)
async def test_what_is_not_what_it_was_declared_to_be_leaves_nothing(
    alice: Client, content_type: str, data: bytes
) -> None:
    assert await refused(alice, content_type, data) == "content_mismatch"
    assert await alice.media() == []


async def test_of_a_refused_file_nothing_stays_in_storage(tmp_path: Path) -> None:
    async with in_process(tmp_path) as service:
        alice = service.client()

        code = await refused(alice, PNG, HTML)

        assert code == "content_mismatch"
        assert await service.stored() == []
        assert service.store.used_bytes == 0
