"""Metrics on a port of their own."""

import asyncio
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from jobs.exposition import add_process_metrics, exposed, own_version
from schema.settings import SettingsError


def read(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


async def test_metrics_are_given_for_as_long_as_the_context_lasts() -> None:
    registry = CollectorRegistry()
    add_process_metrics(registry)

    async with exposed(registry, "127.0.0.1", 0) as port:
        text = await asyncio.to_thread(read, port)

    assert 'media_build_info{python="' in text
    assert f'version="{own_version()}"' in text
    with pytest.raises(OSError, match="refused"):
        await asyncio.to_thread(read, port)


async def test_a_port_that_is_taken_is_named_as_the_wrong_setting() -> None:
    async with exposed(CollectorRegistry(), "127.0.0.1", 0) as port:
        with pytest.raises(SettingsError, match=r"^METRICS_PORT: "):
            async with exposed(CollectorRegistry(), "127.0.0.1", port):
                pass
