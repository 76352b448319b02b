"""Documents: packed for who can unpack, and not sent to who has them."""

import gzip

import pytest
from aiohttp.test_utils import make_mocked_request

from app.documents import answer_with, document

PAGE = document(b"<p>a lighthouse</p>", "text/html")


def test_a_document_is_sent_whole_with_its_tag() -> None:
    answer = answer_with(make_mocked_request("GET", "/"), PAGE)

    assert answer.body == PAGE.body
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["ETag"] == PAGE.etag
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP , br"])
def test_it_is_packed_for_a_client_that_takes_gzip(accepted: str) -> None:
    answer = answer_with(make_mocked_request("GET", "/", {"Accept-Encoding": accepted}), PAGE)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert isinstance(answer.body, bytes)
    assert gzip.decompress(answer.body) == PAGE.body


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; Q=0.0", "xgzip"])
def test_it_is_not_packed_for_any_other(accepted: str) -> None:
    answer = answer_with(make_mocked_request("GET", "/", {"Accept-Encoding": accepted}), PAGE)

    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("tags", [PAGE.etag, f"W/{PAGE.etag}", f'"other", {PAGE.etag}', "*"])
def test_a_client_that_has_it_is_told_so(tags: str) -> None:
    answer = answer_with(make_mocked_request("GET", "/", {"If-None-Match": tags}), PAGE)

    assert (answer.status, answer.body) == (304, None)
    assert answer.headers["ETag"] == PAGE.etag


def test_another_document_has_another_tag() -> None:
    answer = answer_with(make_mocked_request("GET", "/", {"If-None-Match": PAGE.etag}), document(b"", "text/css"))

    assert answer.status == 200
