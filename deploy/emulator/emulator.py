"""gcp-storage-emulator with what browsers need and it lacks: answers to their questions about other origins (CORS).

It checks neither signatures nor who asks, so it is for trying things out and for nothing else.
"""

import argparse
import http.client
import sys
import threading
from functools import partial
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage

PORT = 9023
TIMEOUT_SECONDS = 2.0


class BrowserHandler(RequestHandler):
    """Lets every origin do everything, and read the headers that an upload goes on by.

    Browsers open connections before they need them, so each has a thread; what is stored knows of one at a time.
    """

    turn = threading.Lock()

    def handle_one_request(self) -> None:
        """One request, of which the first byte is awaited without holding up the others."""
        if self.rfile.peek(1):
            with self.turn:
                super().handle_one_request()
        else:
            self.close_connection = True

    def do_OPTIONS(self) -> None:  # noqa: N802  # http.server looks for this name
        """A preflight; what is asked for is granted."""
        self.send_response(HTTPStatus.NO_CONTENT)
        for asked, granted in (("Method", "Methods"), ("Headers", "Headers")):
            if value := self.headers.get(f"Access-Control-Request-{asked}"):
                self.send_header(f"Access-Control-Allow-{granted}", value)
        self.send_header("Access-Control-Max-Age", "600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:  # noqa: N802  # as above
        """A session may begin in the XML API, too, as the service has it: it becomes one of the JSON API."""
        if self.headers.get("x-goog-resumable") == "start":
            bucket, _, name = urlsplit(self.path).path.lstrip("/").partition("/")
            self.path = f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name={quote(unquote(name), safe='')}"
            self.headers["X-Upload-Content-Type"] = self.headers.get("Content-Type", "application/octet-stream")
        super().do_POST()

    def end_headers(self) -> None:
        """Every answer may be read, refusals included."""
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", "Range, Location, ETag, Content-Range, Content-Length")
        super().end_headers()


def server_of(host: str, port: int, directory: str, bucket: str) -> ThreadingHTTPServer:
    """A server with an empty or kept bucket; serve it, and close it."""
    storage = Storage(data_dir=directory)
    create_bucket(bucket, storage)
    return ThreadingHTTPServer((host, port), partial(BrowserHandler, storage))


def is_healthy(host: str, port: int) -> bool:
    """Whether it answers."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Serve, or ask the one that serves on this machine."""
    parser = argparse.ArgumentParser(description="A storage emulator that browsers can use.")
    parser.add_argument("verb", choices=("serve", "check"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--directory", default=".")
    parser.add_argument("--bucket", default="media")
    options = parser.parse_args()
    if options.verb == "check":
        return 0 if is_healthy(options.host, options.port) else 1
    with server_of(options.host, options.port, options.directory, options.bucket) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
