"""The hub and its peers as processes of their own, on the first processor; what they rely on is on the second."""

import hashlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.backing import backing
from benchmarks.hub_load import BUILD, DATA, ROOT, Target, request
from jobs.eventlog import EPOCH_KEY, channel_of
from tests.acceptance.client import token_of
from tests.acceptance.process import Process
from tests.ports import free_port
from tests.processes import children_of
from tests.redis import RedisServer, running_redis

KEEP_MILLISECONDS = 900_000
MOST_ENTRIES = 20_000
FRAME = f"event: generation_progress\ndata: {DATA}\n\n"
Server = Callable[[int], AbstractContextManager[Target]]
"""Given the number of channels. More streams than that share them."""


def pin(pid: int, processor: int) -> None:
    """Let a process, with all its threads, run on one processor alone."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {processor})


def resp(*parts: str) -> bytes:
    """A command of Redis."""
    encoded = [part.encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in encoded)


def user(channel: int | str) -> str:
    return f"user-{channel:08}" if isinstance(channel, int) else f"user-{channel}"


def append(redis: RedisServer) -> bytes:
    """What appends an event to a user's log, as `EventLog.append` does it: a step of a job."""
    script = (ROOT / "jobs" / "lua" / "publish.lua").read_text()
    digest = hashlib.sha1(script.encode()).hexdigest()  # noqa: S324  # Redis names scripts so
    with redis.client() as client:
        client.script_load(script)
    owner = user("CCCCCCCC")
    arguments = ["1" * 16, FRAME, f"job-{owner}", "0", "1", "", "NNNNNNNNNNNN", "0"]
    keys = [EPOCH_KEY, channel_of(owner), f"mp:told:{owner}"]
    return resp("EVALSHA", digest, "3", *keys, *arguments, str(KEEP_MILLISECONDS), str(MOST_ENTRIES), "0")


@contextmanager
def service(channels: int) -> Iterator[Target]:
    """This project's web process, with a Redis and a database of its own."""
    with started(channels) as (target, _):
        yield target


@contextmanager
def started(channels: int, module: str = "app", **settings: object) -> Iterator[tuple[Target, Process]]:
    """The same, and its process."""
    with ExitStack() as stack:
        below = stack.enter_context(backing())
        limits = {"max_connections": 16_000, "max_streams_per_user": 16_000, "stream_seconds": 3600}
        process = Process(below.directory / "data", module=module, settings=below.settings | limits | settings)
        stack.callback(process.end)
        port = urlsplit(process.wait_for("serving")["url"]).port
        assert port is not None  # noqa: S101  # it says so
        pin(process.pid, 0)
        redis = pid_of_redis(below.redis)
        pin(redis, 1)
        names = map(user, range(channels))
        requests = [request("/events", f"Authorization: Bearer {token_of(name)}\r\n") for name in names]
        template = append(below.redis)
        yield Target(port, requests, below.redis.port, template, [process.pid], [redis], beginning="id: "), process


def pid_of_redis(redis: RedisServer) -> int:
    with redis.client() as client:
        return int(client.info("server")["process_id"])


@contextmanager
def child(
    command: Sequence[object],
    *ports: int,
    directory: Path | None = None,
    environment: dict[str, str] | None = None,
    is_pinned: bool = True,
) -> Iterator[int]:
    """A server's process id, from when it listens; it is ended with the context."""
    environment = {**os.environ, **(environment or {})}
    words = [*(("taskset", "-c", "0") if is_pinned else ()), *map(str, command)]
    quiet = subprocess.DEVNULL
    with (
        (BUILD / "peers.log").open("ab") as log,
        subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=log, cwd=directory, env=environment) as process,  # noqa: S603  # built here
    ):
        try:
            for port in ports:
                await_port(port)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def await_port(port: int, seconds: float = 20) -> None:
    """Return when something listens there."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def floor(channels: int) -> Iterator[Target]:
    """What the kernel alone costs."""
    port = free_port()
    event = f"id: {'0' * 38}\n{FRAME}"
    template = f"POST /CCCCCCCC {len(event)}\n{event}".encode()
    with child([BUILD / "floor", port, channels], port) as pid:
        yield Target(port, [request(f"/{number}") for number in range(channels)], port, template, [pid])


def post(path: str, body: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


NGINX = """
daemon off;
{module}
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log error;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  keepalive_requests 1000000000;
  nchan_shared_memory_size 512m;
  nchan_message_buffer_length 20000;
  nchan_message_timeout 15m;
  {upstream}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location ~ ^/sub/(\\d+)$ {{ nchan_subscriber eventsource; nchan_channel_id $1; {use} }}
    location ~ ^/pub/(\\d+)$ {{ nchan_publisher; nchan_channel_id $1; {use} }}
  }}
}}
"""


@contextmanager
def _nchan(upstream: str, use: str, others: Sequence[int] = ()) -> Iterator[Target]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nchan-") as name:
        directory = Path(name)
        directory.chmod(0o777)
        module = f"load_module {BUILD}/nginx/usr/lib/nginx/modules/ngx_nchan_module.so;"
        configuration = directory / "nginx.conf"
        configuration.write_text(
            NGINX.format(directory=directory, port=port, module=module, upstream=upstream, use=use)
        )
        with child(
            [BUILD / "nginx/usr/sbin/nginx", "-p", directory, "-c", configuration, "-e", directory / "errors"], port
        ) as pid:
            workers = first_children_of(pid)
            wait_until_served(port, request("/sub/00000000"))
            yield Target(port, [], port, post("/pub/CCCCCCCC", DATA), workers, others)


def wait_until_served(port: int, head: bytes, seconds: float = 10) -> None:
    """Return when a stream is given: nchan refuses them for a moment, until it has found its Redis."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(head)
            if connection.recv(64).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.1)
    raise RuntimeError("no stream is given")


def first_children_of(pid: int, seconds: float = 5) -> list[int]:
    """A process's children, as soon as there are any."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if children := children_of(pid):
            return children
        time.sleep(0.05)
    raise RuntimeError(f"process {pid} starts no child")


@contextmanager
def nchan(channels: int) -> Iterator[Target]:
    """Nginx with nchan, which keeps its messages in its own memory."""
    with _nchan("", "") as target:
        yield with_paths(target, "/sub/{:08}", channels)


@contextmanager
def nchan_redis(channels: int) -> Iterator[Target]:
    """The same with its messages in Redis, distributed."""
    with running_redis() as redis:
        upstream = f"upstream redis {{ nchan_redis_server {redis.url}; }}"
        pid = pid_of_redis(redis)
        pin(pid, 1)
        with _nchan(upstream, "nchan_redis_pass redis;", [pid]) as target:
            yield with_paths(target, "/sub/{:08}", channels)


def with_paths(target: Target, path: str, channels: int) -> Target:
    requests = [request(path.format(number)) for number in range(channels)]
    return Target(target.port, requests, target.publish_port, target.template, target.pids, target.others)


@contextmanager
def better_sse(channels: int) -> Iterator[Target]:
    """better-sse on Node, one channel of its for each."""
    port = free_port()
    program = ROOT / "benchmarks" / "peers" / "better_sse.mjs"
    environment = {"BETTER_SSE": (BUILD / "node/node_modules/better-sse/build/index.mjs").as_uri()}
    with child(["node", program, port], port, environment=environment) as pid:
        yield with_paths(Target(port, [], port, post("/pub/CCCCCCCC", DATA), [pid]), "/sub/{:08}", channels)


@contextmanager
def sse_starlette(channels: int) -> Iterator[Target]:
    """sse-starlette on uvicorn with uvloop and httptools, a redis-py subscription for each stream."""
    port = free_port()
    with running_redis() as redis:
        other = pid_of_redis(redis)
        pin(other, 1)
        command = [BUILD / "venv/bin/python", ROOT / "benchmarks/peers/sse_starlette_app.py", port, redis.url]
        with child(command, port) as pid:
            template = resp("PUBLISH", "CCCCCCCC", DATA)
            yield with_paths(Target(port, [], redis.port, template, [pid], [other]), "/sub/{:08}", channels)


SERVERS: dict[str, Server] = {
    "service": service,
    "floor": floor,
    "nchan": nchan,
    "nchan+redis": nchan_redis,
    "better-sse": better_sse,
    "sse-starlette": sse_starlette,
}
