"""Files: permanent URLs that lead to the bytes for as long as the object lives, and no longer."""

import struct

import pytest
from yarl import URL

from tests.acceptance.client import Answer, Client

PNG = b"\x89PNG\r\n\x1a\n"


async def followed(client: Client, url: str, method: str = "GET", **headers: str) -> Answer:
    """What a browser shows that was given a permanent URL: it sends no token."""
    here = await client.send("GET", url, headers={"Authorization": ""})
    assert here.status == 302, here.body
    return await client.send(method, here.headers["Location"], headers={"Authorization": ""} | headers)


async def test_a_permanent_url_is_absolute_and_redirects_to_one_that_expires(alice: Client) -> None:
    item = await alice.picture()

    answer = await alice.get(item["url"])

    assert item["url"].startswith(f"{alice.base}/files/")
    assert answer.status == 302
    assert answer.headers["Cache-Control"] == "no-store"
    assert "expires" in URL(answer.headers["Location"]).query_string.lower()


async def test_a_permanent_url_gives_a_picture_of_the_right_size(alice: Client) -> None:
    item = await alice.picture(width=96, height=80)

    picture = await followed(alice, item["url"])

    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/png")
    assert picture.body.startswith(PNG)
    assert struct.unpack(">II", picture.body[16:24]) == (96, 80)
    assert len(picture.body) == int(picture.headers["Content-Length"]) == item["size"]


async def test_a_file_cannot_act_as_a_page_of_the_service(alice: Client) -> None:
    picture = await followed(alice, (await alice.picture())["url"])

    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("wanted", "start", "stop"), [("bytes=0-7", 0, 8), ("bytes=100-", 100, None), ("bytes=-10", -10, None)]
)
async def test_a_range_gives_that_part(alice: Client, wanted: str, start: int, stop: int | None) -> None:
    item = await alice.picture()
    whole = await followed(alice, item["url"])

    part = await followed(alice, item["url"], Range=wanted)

    first = start % item["size"]
    assert part.status == 206
    assert part.body == whole.body[start:stop]
    assert part.headers["Content-Range"] == f"bytes {first}-{first + len(part.body) - 1}/{item['size']}"


async def test_a_range_behind_the_end_is_refused_with_the_size(alice: Client) -> None:
    item = await alice.picture()

    answer = await followed(alice, item["url"], Range=f"bytes={item['size']}-")

    assert (answer.status, answer.json["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{item['size']}"


async def test_head_says_what_get_would(alice: Client) -> None:
    item = await alice.picture()
    whole = await followed(alice, item["url"])

    head = await followed(alice, item["url"], "HEAD")

    assert (head.status, head.body) == (200, b"")
    same = ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges")
    assert {name: head.headers[name] for name in same} == {name: whole.headers[name] for name in same}


async def test_head_of_a_permanent_url_redirects_too(alice: Client) -> None:
    item = await alice.picture()

    answer = await alice.send("HEAD", item["url"])

    assert (answer.status, answer.body) == (302, b"")


async def test_a_known_etag_saves_the_bytes(alice: Client) -> None:
    item = await alice.picture()
    etag = (await followed(alice, item["url"])).headers["ETag"]

    known = await followed(alice, item["url"], **{"If-None-Match": f'"other", {etag}'})
    unknown = await followed(alice, item["url"], **{"If-None-Match": '"other"'})

    assert (known.status, known.body, known.headers["ETag"]) == (304, b"", etag)
    assert unknown.status == 200


async def test_a_range_of_another_version_gives_the_whole(alice: Client) -> None:
    item = await alice.picture()

    answer = await followed(alice, item["url"], Range="bytes=0-7", **{"If-Range": '"another"'})

    assert (answer.status, len(answer.body)) == (200, item["size"])


async def test_deleting_is_told_and_takes_every_url_away(alice: Client) -> None:
    item = await alice.picture()
    signed = (await alice.get(item["url"])).headers["Location"]
    async with alice.stream() as stream:
        await stream.until("snapshot")

        first = await alice.delete(f"/{item['path']}")
        told = await stream.next()
    again = await alice.delete(f"/{item['path']}")

    assert (first.status, first.body, again.status) == (204, b"", 204)
    assert (told.name, told.data) == ("media_deleted", {"path": item["path"]})
    assert [(await alice.get(url)).status for url in (item["url"], signed, f"/{item['path']}")] == [404] * 3
    assert await alice.media() == []


async def test_a_path_without_media_in_front_means_the_same_object(alice: Client) -> None:
    item = await alice.picture()

    relative = await alice.get(f"/media/{item['path'].removeprefix('media/')}")
    whole = await alice.get(f"/media/{item['path']}")

    assert relative.json == whole.json == item


async def test_several_objects_are_deleted_at_once(alice: Client, bob: Client) -> None:
    mine, his = await alice.picture(), await bob.picture()
    paths = [mine["path"], his["path"], "media/nobody/nothing.png", "../secret"]

    answer = await alice.post("/media/delete", {"paths": paths})

    statuses = [204, 404, 404, 404]
    assert answer.status == 200
    assert answer.json == {
        "results": [{"path": path, "status": status} for path, status in zip(paths, statuses, strict=True)]
    }
    assert [item["path"] for item in await bob.media()] == [his["path"]]


async def test_a_deleted_picture_leaves_its_job(alice: Client) -> None:
    item = await alice.picture()

    await alice.delete(f"/{item['path']}")

    job = await alice.job(item["jobId"])
    assert (job["status"], job["result"]) == ("succeeded", {"media": [], "failures": []})


async def test_a_deleted_job_leaves_its_picture(alice: Client) -> None:
    item = await alice.picture()

    answer = await alice.delete(f"/jobs/{item['jobId']}")

    assert answer.status == 204
    assert (await alice.get(f"/jobs/{item['jobId']}")).status == 404
    assert (await followed(alice, item["url"])).status == 200


@pytest.mark.parametrize("change", ["path", "expiry", "signature"])
async def test_an_altered_signed_url_is_refused(alice: Client, change: str) -> None:
    item, other = await alice.picture(), await alice.picture(seed=8)
    signed = URL((await alice.get(item["url"])).headers["Location"])
    names = {name.lower(): name for name in signed.query}
    match change:
        case "path":
            signed = signed.with_path(f"/storage/{other['path']}", keep_query=True)
        case "expiry":
            name = next(names[name] for name in names if "expires" in name)
            signed = signed.update_query({name: str(int(signed.query[name]) + 1)})
        case _:
            name = next(names[name] for name in names if "signature" in name)
            signed = signed.update_query({name: signed.query[name][:-4] + "AAAA"})

    answer = await alice.get(str(signed))

    assert (answer.status, answer.json["code"]) == (403, "forbidden")


async def test_the_library_is_paged_newest_first(alice: Client) -> None:
    made = [await alice.picture(seed=seed) for seed in range(3)]

    first = (await alice.get("/media?limit=2")).json
    second = (await alice.get(f"/media?limit=2&cursor={first['nextCursor']}")).json

    assert [item["seed"] for item in first["items"] + second["items"]] == [2, 1, 0]
    assert second["nextCursor"] is None
    assert {item["path"] for item in made} == {item["path"] for item in first["items"] + second["items"]}


async def test_the_library_is_narrowed(alice: Client) -> None:
    await alice.picture()

    counts = {
        query: len((await alice.get(f"/media?{query}")).json["items"])
        for query in ("prefix=images", "prefix=videos", "kind=image", "kind=video", "source=generated", "source=upload")
    }

    assert counts == {
        "prefix=images": 1, "prefix=videos": 0, "kind=image": 1, "kind=video": 0, "source=generated": 1,
        "source=upload": 0,
    }  # fmt: skip
