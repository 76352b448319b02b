"""What adapters rely on when they speak HTTP: failures in the port's words, keys at home, results from safe places."""

from pathlib import Path

import pytest
from aiohttp import web

from actors.providers.base import ProviderError
from actors.providers.downloads import is_public, save
from actors.providers.failures import AnswerLost
from actors.providers.http import HttpApi
from tests.integration.actors.providers.conftest import Played
from tests.unit.actors.processing.samples import png

PICTURE = png(8, 8)


async def failure_of(api: HttpApi, method: str, path: str, **options: object) -> ProviderError:
    async with api.open() as calls:
        with pytest.raises(ProviderError) as caught:
            await calls.json(method, path, **options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "invalid_input", False),
        (401, "provider_error", False),
        (402, "quota_exceeded", False),
        (429, "rate_limited", True),
        (500, "provider_unavailable", True),
        (503, "provider_unavailable", True),
        (302, "provider_error", False),
    ],
)
async def test_a_status_has_one_meaning(
    api: HttpApi, played: Played, status: int, code: str, *, retryable: bool
) -> None:
    played.plays("/v1", status=status, text="Incorrect key: the-key")

    error = await failure_of(api, "POST", "/v1", body={})

    assert (error.code, error.retryable) == (code, retryable)
    assert "the-key" not in error.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "7.5"}, 7.5),
        ({"Retry-After": "8", "retry-after-ms": "7250"}, 7.25),
        ({"Retry-After": "Thu, 26 Nov 2026 12:00:30 GMT", "Date": "Thu, 26 Nov 2026 12:00:00 GMT"}, 30),
        ({"Retry-After": "999999"}, 3600),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_the_wait_that_is_asked_for_is_heard(
    api: HttpApi, played: Played, headers: dict[str, str], seconds: float | None
) -> None:
    played.plays("/v1", status=429, headers=headers)

    assert (await failure_of(api, "POST", "/v1")).retry_after == seconds


async def test_a_call_may_give_a_status_its_own_meaning(api: HttpApi, played: Played) -> None:
    played.plays("/v1", status=404)

    assert (await failure_of(api, "POST", "/v1", meanings={404: "model_retired"})).code == "model_retired"


async def test_what_the_provider_says_goes_before_its_status(played: Played) -> None:
    played.plays("/v1", status=400, text='{"error": {"code": "moderation_blocked"}}')

    def refusal(_status: int, body: object) -> ProviderError | None:
        blocked = isinstance(body, dict) and body["error"]["code"] == "moderation_blocked"
        return ProviderError("content_policy", "Blocked.", retryable=False) if blocked else None

    assert (await failure_of(HttpApi(played.root, refusal=refusal), "POST", "/v1")).code == "content_policy"


@pytest.mark.parametrize(("method", "kind"), [("POST", AnswerLost), ("GET", ProviderError)])
async def test_an_answer_that_is_lost_is_not_asked_for_again_blindly(
    api: HttpApi, played: Played, method: str, kind: type[ProviderError]
) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    played.answers["/v1"] = hang_up

    error = await failure_of(api, method, "/v1")

    assert isinstance(error, kind)
    assert (error.retryable, error.maybe_billed) == ((False, True) if method == "POST" else (True, False))


async def test_what_was_never_sent_may_be_sent_again(unused_tcp_port: int) -> None:
    error = await failure_of(HttpApi(f"http://127.0.0.1:{unused_tcp_port}"), "POST", "/v1")

    assert (error.code, error.retryable, error.maybe_billed) == ("provider_unavailable", True, False)


async def test_garbage_is_no_answer(api: HttpApi, played: Played) -> None:
    played.plays("/v1", text="<html>")

    error = await failure_of(api, "POST", "/v1")

    assert (error.code, error.retryable, error.maybe_billed) == ("provider_error", False, True)


async def test_the_key_goes_to_its_own_origin_alone(api: HttpApi, played: Played, elsewhere: Played) -> None:
    played.plays("/v1", text="{}")
    async with api.open() as calls:
        assert await calls.json("GET", f"{played.root}/v1") == {}
        with pytest.raises(ProviderError):
            await calls.json("GET", f"{elsewhere.root}/v1")

    assert played.asked[0].headers["Authorization"] == "Bearer the-key"
    assert elsewhere.asked == []


async def test_events_are_read_from_pieces_of_any_size(api: HttpApi, played: Played) -> None:
    large = "x" * 200_000
    played.plays("/v1", text=f"event: partial\r\ndata: {large}\r\n\r\n: ping\n\ndata: a\ndata: b\n\ndata: cut off")

    async with api.open() as calls, calls.events("POST", "/v1", body={}) as events:
        seen = [(event.name, event.data) async for event in events]

    assert seen == [("partial", large), ("message", "a\nb")]


async def test_a_result_is_fetched_and_known_by_its_bytes(api: HttpApi, played: Played, tmp_path: Path) -> None:
    played.plays("/result", body=PICTURE, content_type="application/octet-stream")

    async with api.open() as calls:
        content_type = await calls.download(f"{played.root}/result", tmp_path / "0", "image")

    assert content_type == "image/png"
    assert (tmp_path / "0").read_bytes() == PICTURE


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"body": PICTURE}, "video"),
        ({"body": b"<html>"}, "image"),
        ({"status": 404}, "image"),
        ({"body": b""}, "image"),
    ],
)
async def test_what_is_no_such_media_leaves_no_file(
    api: HttpApi, played: Played, tmp_path: Path, answer: dict[str, object], kind: str
) -> None:
    played.plays("/result", **answer)

    async with api.open() as calls:
        with pytest.raises(ProviderError) as caught:
            await calls.download(f"{played.root}/result", tmp_path / "0", kind)  # type: ignore[arg-type]

    assert (caught.value.code, caught.value.retryable, caught.value.maybe_billed) == ("no_output", False, True)
    assert not (tmp_path / "0").exists()


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "https://127.0.0.1:9/", "https://[::1]:9/", "file:///x"])
@pytest.mark.parametrize("is_redirected", [True, False])
async def test_no_result_comes_from_this_network(
    api: HttpApi, played: Played, tmp_path: Path, target: str, *, is_redirected: bool
) -> None:
    played.plays("/result", status=302, headers={"Location": target})
    url = f"{played.root}/result" if is_redirected else target

    async with api.open() as calls:
        with pytest.raises(ProviderError) as caught:
            await calls.download(url, tmp_path / "0", "image")

    assert caught.value.code == "no_output"


async def test_a_name_that_leads_into_this_network_is_found_out_at_the_socket(api: HttpApi, tmp_path: Path) -> None:
    async with api.open() as calls:
        with pytest.raises(ProviderError) as caught:
            await calls.download("https://localhost:9/", tmp_path / "0", "image")

    assert "not public" in caught.value.message


async def test_redirects_come_to_an_end(api: HttpApi, played: Played, tmp_path: Path) -> None:
    played.plays("/result", status=302, headers={"Location": "/result"})

    async with api.open() as calls:
        with pytest.raises(ProviderError):
            await calls.download(f"{played.root}/result", tmp_path / "0", "image")

    assert len(played.asked) == 5


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
     "fe80::1%eth0", "100.64.0.1", "0.0.0.0", "224.0.0.1"],
)  # fmt: skip
def test_what_is_no_public_address(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_what_is_a_public_address(address: str) -> None:
    assert is_public(address)


async def test_media_that_came_in_an_answer_is_known_by_its_bytes(tmp_path: Path) -> None:
    assert await save(PICTURE, tmp_path / "0", "image") == "image/png"
    with pytest.raises(ProviderError):
        await save(b"no picture", tmp_path / "1", "image")
