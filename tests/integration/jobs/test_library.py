"""The library: what its owner finds in it, and what becomes of what is deleted."""

import asyncio
import json
from typing import Any

import pytest

from jobs.errors import NotFound
from schema.models import MediaKind
from schema.responses import MediaPage, MediaSource
from tests.factories import URLS, Bench, make_media, paths_in, put
from tests.readers import LogReader, names


async def page(
    bench: Bench,
    owner: str = "alice",
    *,
    prefix: str | None = None,
    kind: MediaKind | None = None,
    source: MediaSource | None = None,
    before: str | None = None,
    limit: int = 100,
) -> MediaPage:
    return await bench.library.list(owner, prefix=prefix, kind=kind, source=source, before=before, limit=limit)


async def paths(bench: Bench, owner: str = "alice", **query: Any) -> list[str]:
    return [item.path for item in (await page(bench, owner, **query)).items]


async def fill(bench: Bench, *paths: str, **overrides: Any) -> None:
    for path in paths:
        await bench.insert_media(make_media(path, **overrides))


async def test_an_item_says_everything_that_is_known(bench: Bench) -> None:
    media = make_media("media/alice/images/a.png", prompt="a cat", seed=17, job_id=None)
    await bench.insert_media(media)

    (item,) = (await page(bench)).items

    assert item == await bench.library.get("alice", media.path)
    assert item.url == URLS.file(media.file_key) == f"http://media.test/files/{media.file_key}"
    assert (item.path, item.size, item.width, item.prompt, item.seed) == (media.path, 5, 64, "a cat", 17)
    assert item.created_at == media.created_at


async def test_the_newest_comes_first(bench: Bench) -> None:
    await fill(bench, "media/alice/1", "media/alice/2", "media/alice/3")

    assert await paths(bench) == ["media/alice/3", "media/alice/2", "media/alice/1"]


async def test_a_library_shows_its_owners_media_alone(bench: Bench) -> None:
    await fill(bench, "media/alice/1")
    await fill(bench, "media/bob/1", owner="bob")

    assert await paths(bench) == ["media/alice/1"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_together_are_the_library(bench: Bench, limit: int) -> None:
    await fill(bench, *(f"media/alice/{number}" for number in range(7)))

    seen: list[str] = []
    cursor = None
    while True:
        current = await page(bench, before=cursor, limit=limit)
        seen += [item.path for item in current.items]
        cursor = current.next_cursor
        if cursor is None:
            break

    assert seen == [f"media/alice/{number}" for number in reversed(range(7))]


async def test_a_page_that_ends_with_the_last_item_has_no_cursor(bench: Bench) -> None:
    await fill(bench, "media/alice/1", "media/alice/2")

    assert (await page(bench, limit=2)).next_cursor is None


async def test_what_comes_while_one_pages_does_not_shift_the_pages(bench: Bench) -> None:
    await fill(bench, *(f"media/alice/{number}" for number in range(4)))
    first = await page(bench, limit=2)
    await fill(bench, "media/alice/new")

    second = await page(bench, before=first.next_cursor, limit=2)

    assert [item.path for item in second.items] == ["media/alice/1", "media/alice/0"]


async def test_a_prefix_is_matched_below_the_owners_folder(bench: Bench) -> None:
    await fill(bench, "media/alice/images/1", "media/alice/images/2", "media/alice/videos/1")

    assert await paths(bench, prefix="images/") == ["media/alice/images/2", "media/alice/images/1"]
    assert len(await paths(bench, prefix="")) == 3
    assert await paths(bench, prefix="media/alice/images/") == []


@pytest.mark.parametrize(
    ("prefix", "found"),
    [("a_b", "a_b"), ("a%", "a%"), ("A", "A_b"), ("a\\", "a\\"), ("é", "é"), ("E", None), ("'; --", None)],
)
async def test_a_prefix_is_literal_in_wildcards_and_case(bench: Bench, prefix: str, found: str | None) -> None:
    for name in ("a_b", "axb", "a%", "A_b", "a\\", "é"):
        await fill(bench, f"media/alice/{name}")

    assert await paths(bench, prefix=prefix) == ([] if found is None else [f"media/alice/{found}"])


async def test_filters_hold_together(bench: Bench) -> None:
    await fill(bench, "media/alice/1", kind="image", source="generated")
    await fill(bench, "media/alice/2", kind="video", source="generated")
    await fill(bench, "media/alice/3", kind="image", source="upload")

    assert await paths(bench, kind="image") == ["media/alice/3", "media/alice/1"]
    assert await paths(bench, source="generated") == ["media/alice/2", "media/alice/1"]
    assert await paths(bench, kind="image", source="upload", prefix="3") == ["media/alice/3"]


async def test_an_object_is_found_with_and_without_the_folder_of_all_media(bench: Bench) -> None:
    await fill(bench, "media/alice/images/a.png")

    assert await bench.library.get("alice", "alice/images/a.png") == await bench.library.get(
        "alice", "media/alice/images/a.png"
    )


@pytest.mark.parametrize(
    "path", ["media/bob/a.png", "bob/a.png", "media/alice/../bob/a.png", "media/alice/nothing", "", "media/alice/%2e"]
)
async def test_whatever_is_not_ones_own_is_not_found(bench: Bench, path: str) -> None:
    await fill(bench, "media/bob/a.png", owner="bob")

    with pytest.raises(NotFound):
        await bench.library.get("alice", path)


async def test_a_permanent_url_finds_its_object_and_no_other(bench: Bench) -> None:
    media = make_media("media/alice/a.png")
    await bench.insert_media(media)

    assert await bench.library.stored_path(media.file_key) == media.path
    with pytest.raises(NotFound):
        await bench.library.stored_path(media.file_key[:-1])


async def test_a_deleted_object_leaves_the_library_and_the_store_and_is_told(bench: Bench, reader: LogReader) -> None:
    (media,) = await bench.succeed(await bench.start())
    await reader.read()

    assert await bench.library.delete("alice", media.path)
    await bench.settle()

    assert await paths(bench) == []
    assert await paths_in(bench.store) == []
    assert await reader.read() == [("media_deleted", {"path": media.path})]
    with pytest.raises(NotFound):
        await bench.library.stored_path(media.file_key)


async def test_deleting_again_changes_nothing_and_is_told_once(bench: Bench, reader: LogReader) -> None:
    (media,) = await bench.succeed(await bench.start())
    await reader.read()

    results = await asyncio.gather(*(bench.library.delete("alice", media.path) for _ in range(5)))
    await bench.settle()

    assert sorted(results) == [False, False, False, False, True]
    assert names(await reader.read()) == ["media_deleted"]


async def test_deleting_the_object_of_another_owner_is_not_found(bench: Bench) -> None:
    await fill(bench, "media/bob/a.png", owner="bob")

    with pytest.raises(NotFound):
        await bench.library.delete("alice", "media/bob/a.png")

    assert await paths(bench, "bob") == ["media/bob/a.png"]


async def test_deleting_one_object_leaves_those_whose_path_begins_the_same(bench: Bench) -> None:
    for path in ("media/alice/a", "media/alice/a.png"):
        await put(bench.store, path)
        await fill(bench, path)

    await bench.library.delete("alice", "media/alice/a")
    await bench.sweep()

    assert await paths_in(bench.store) == ["media/alice/a.png"]


async def test_many_are_deleted_each_for_itself(bench: Bench) -> None:
    await fill(bench, "media/alice/1", "media/alice/2")

    results = await bench.library.delete_many(
        "alice", ["media/alice/2", "media/bob/1", "media/alice/3", "media/alice/1", "media/alice/1"]
    )

    assert results == [True, False, False, True, False]


async def test_a_store_that_died_leaves_no_dead_links(bench: Bench) -> None:
    lease = await bench.start()
    await bench.succeed(lease, count=2)
    await fill(bench, "media/bob/a.png", owner="bob")

    await bench.library.forget_everything()

    assert await paths(bench) == await paths(bench, "bob") == []
    end = await bench.service.ending("alice", lease.job.id)
    assert end is not None
    assert json.loads(end.payload) == {"jobId": lease.job.id, "result": {"media": [], "failures": []}}
    view = await bench.service.get("alice", lease.job.id)
    assert view.model_dump(mode="json", by_alias=True)["result"] == {"media": [], "failures": []}


async def test_a_store_that_died_leaves_no_dead_link_of_an_upload(bench: Bench) -> None:
    lease = await bench.start(kind="upload", request={"objectPath": "media/alice/1/a.png"})
    media = make_media("media/alice/1/a.png", source="upload", job_id=lease.job.id)
    assert await bench.leases.succeed(lease, [media])

    await bench.library.forget_everything()

    end = await bench.service.ending("alice", lease.job.id)
    assert end is not None
    assert json.loads(end.payload) == {"jobId": lease.job.id, "result": None}
    assert (await bench.service.get("alice", lease.job.id)).result is None


async def test_forgetting_everything_leaves_how_other_jobs_ended(bench: Bench) -> None:
    job_id = await bench.submit()
    await bench.service.cancel("alice", job_id)
    await bench.settle()
    before = await bench.service.ending("alice", job_id)

    await bench.library.forget_everything()

    assert await bench.service.ending("alice", job_id) == before
