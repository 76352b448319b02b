"""`demo`: has a running service make one picture or video, shows how far it is, and saves what was made."""

import asyncio
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from app.access import SECRET_NAME, authenticator_of
from app.auth import DEVELOPMENT_USER
from app.client.following import follow
from app.client.frames import Frame
from app.client.service import Refused, ServiceClient, Unreachable
from app.commands.output import printable
from app.commands.saving import target_of, written_whole
from app.commands.screen import Screen, screen_on
from jobs.background import stop
from jobs.clock import system_clock
from schema.settings import Settings, SettingsError

FAILED, NO_SERVICE, INTERRUPTED = 1, 3, 130
TOKEN_LIFETIME = timedelta(hours=1)
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what is listened on, not what is connected to


class NotMade(Exception):
    """The job ended without a result; the sentence says how."""


def run(settings: Settings, options: Namespace) -> int:
    """Do it; 0 when a file was saved. Raises `SettingsError`."""
    base, token = base_of(settings, options.url), options.token or own_token(settings)
    try:
        return asyncio.run(_demo(base, token, options))
    except Unreachable as error:
        return _explain(NO_SERVICE, f"{error}.\nIs it running? `make run` starts it; --url says where else it is.")
    except Refused as error:
        hint = "\nGive a token with DEMO_TOKEN, or DATA_DIR as the service has it." if error.status == 401 else ""  # noqa: PLR2004
        return _explain(FAILED, f"The service refused: {error}.{hint}")
    except NotMade as error:
        return _explain(FAILED, str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except OSError as error:
        return _explain(FAILED, f"The file can't be written: {error.filename}: {error.strerror}")


def _explain(status: int, sentence: str) -> int:
    print("\n".join(map(printable, sentence.splitlines())), file=sys.stderr)  # noqa: T201  # for the one who asked
    return status


def base_of(settings: Settings, url: str | None) -> str:
    """Where the service is: what was said, or where these settings have it listen. Raises `SettingsError`."""
    if url is None:
        if settings.port == 0:
            raise SettingsError("PORT: with 0 nobody knows where the service is; say it with --url")
        host = EVERY_ADDRESS.get(settings.host.strip("[]"), settings.host.strip("[]"))
        return str(URL.build(scheme="http", host=host, port=settings.port)).rstrip("/") + settings.base_path
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.query_string or parsed.fragment:
        raise SettingsError("DEMO_URL: is no address such as http://127.0.0.1:8080 (also --url)")
    return url.rstrip("/")


def own_token(settings: Settings) -> str | None:
    """A token that this command may make itself; None where there is no secret to sign one. Raises `SettingsError`."""
    if not settings.auth_secret and settings.auth_jwks_url is not None:
        raise SettingsError("DEMO_TOKEN: needed (or --token), for the service takes tokens of its issuer alone")
    if not settings.has_auth and not (settings.data_dir / SECRET_NAME).exists():
        # Made here it would be no secret of the service's, and in its way where it has not started yet.
        return None
    return authenticator_of(settings, system_clock).issue(DEVELOPMENT_USER, TOKEN_LIFETIME)


async def _demo(base: str, token: str | None, options: Namespace) -> int:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = ServiceClient(session, base, token)
        with screen_on(sys.stderr) as screen, interrupts() as interrupted:
            job = await make(client, options.kind, request_of(options), screen, interrupted)
        if job["status"] == "cancelled" and interrupted.is_set():
            return _explain(INTERRUPTED, "Cancelled.")
        item = item_of(job)
        target = await save(client, item, target_of(options.output, options.prompt, item["contentType"]))
    print(f"{printable(str(target))}\n{printable(item['url'])}")  # noqa: T201  # this is what was asked for
    return 0


def request_of(options: Namespace) -> dict[str, Any]:
    """The body of the POST: what was typed; the service has its own defaults."""
    typed = {
        "prompt": options.prompt,
        "model": options.model,
        "seed": options.seed,
        "width": options.width,
        "height": options.height,
        "durationSeconds": options.seconds,
    }
    return {name: value for name, value in typed.items() if value is not None}


@contextmanager
def interrupts() -> Iterator[asyncio.Event]:
    """Set by the first Ctrl-C; the second ends everything at once."""
    loop, task, interrupted = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()

    def interrupt() -> None:
        if interrupted.is_set() and task is not None:
            task.cancel()
        interrupted.set()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def make(
    client: ServiceClient, kind: Any, body: Mapping[str, Any], screen: Screen, interrupted: asyncio.Event
) -> dict[str, Any]:
    """The job when it has ended; once `interrupted` it is cancelled. Raises `Unreachable`, `Refused`."""
    job_id = await client.generate(kind, body)
    screen.say(f"Job {job_id}")

    async def cancel() -> None:
        await interrupted.wait()
        screen.say("Cancelling; Ctrl-C again leaves at once.")
        try:
            await client.cancel(job_id)
        except (Unreachable, Refused) as error:
            screen.say(f"It could not be cancelled: {error}.")

    cancelling = asyncio.create_task(cancel(), name="cancel")
    try:
        async for frame in follow(client, job_id):
            show(frame, screen)
    finally:
        await stop(cancelling)
    return await client.job(job_id)


def show(frame: Frame, screen: Screen) -> None:
    """What an event says of how far the job is."""
    match frame.name:
        case "generation_queued":
            screen.step(None, f"Waiting, number {frame.data['queuePosition']} in the queue")
        case "generation_started":
            screen.step(None, "Started")
        case "generation_progress":
            screen.step(frame.data["progress"], frame.data["message"] or "At work")


def item_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """What the job made. Raises `NotMade`."""
    if job["status"] != "succeeded":
        error = job["error"] or {"message": "It has no result.", "code": job["status"]}
        raise NotMade(f"The job did not succeed. {error['message']} ({error['code']})")
    if not job["result"]["media"]:
        raise NotMade("The job succeeded, and what it made was deleted meanwhile.")
    item: dict[str, Any] = job["result"]["media"][0]
    return item


async def save(client: ServiceClient, item: Mapping[str, Any], target: Path) -> Path:
    """Download an item and hold it against its checksum. Raises `NotMade`, `Unreachable`, `Refused`, `OSError`."""
    with written_whole(target) as file:
        digest = await client.download(item["url"], file)
        if digest != item["sha256"]:
            raise NotMade("What was downloaded is not what was made.")
    return target
