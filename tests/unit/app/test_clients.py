"""Where a request comes from: proxies are listened to when they are trusted, and nobody else is."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clients import UNKNOWN, Clients

PROXIES = ("10.0.0.0/8", "fd00::/8")


def behind(peer: str | None, *forwarded: str, trusted: tuple[str, ...] = PROXIES) -> str:
    return Clients([ip_network(each) for each in trusted]).behind(peer, forwarded)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", (), "198.51.100.7"),
        ("198.51.100.7", ("203.0.113.9",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9, 10.2.3.4",), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9", "10.2.3.4"), "203.0.113.9"),
        ("10.0.0.1", ("1.1.1.1, 203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("10.9.9.9",), "10.9.9.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9, nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9:4711",), "203.0.113.9"),
        ("fd00::1", ("[2001:db8::5]:4711",), "2001:db8::5"),
        ("fd00::1", ("2001:db8::5",), "2001:db8::5"),
        ("::ffff:10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        (None, ("203.0.113.9",), UNKNOWN),
        ("", ("203.0.113.9",), UNKNOWN),
    ],
)
def test_the_last_address_before_the_trusted_proxies_is_the_clients(
    peer: str | None, forwarded: tuple[str, ...], client: str
) -> None:
    assert behind(peer, *forwarded) == client


def test_without_trusted_proxies_nobody_is_listened_to() -> None:
    assert behind("10.0.0.1", "203.0.113.9", trusted=()) == "10.0.0.1"


@given(st.lists(st.text(), max_size=4))
def test_whatever_a_header_says_the_answer_is_an_address(forwarded: list[str]) -> None:
    client = behind("10.0.0.1", *forwarded)

    assert client == behind(client)
