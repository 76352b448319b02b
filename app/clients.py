"""Where a request comes from: the address of the client, beyond the proxies that are trusted to tell it."""

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
FORWARDED_FOR = "X-Forwarded-For"


class Clients:
    """Tells addresses. What an untrusted peer says of where it comes from is not listened to."""

    def __init__(self, trusted: Collection[Network] = ()) -> None:
        self._trusted = tuple(trusted)

    def address(self, request: web.Request) -> str:
        """The client's address, or `unknown`."""
        return self.behind(request.remote, request.headers.getall(FORWARDED_FOR, ()))

    def behind(self, peer: str | None, forwarded: Iterable[str]) -> str:
        """The last address before the trusted proxies: each appends who asked it, so the chain is read backwards.

        Where a trusted proxy names something that is no address, its own is the last that is known.
        """
        known = _parsed(peer or "")
        hops = [hop for line in forwarded for hop in line.split(",")]
        while known is not None and hops and self._trusts(known):
            before = _parsed(hops.pop())
            if before is None:
                break
            known = before
        return UNKNOWN if known is None else str(known)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _parsed(text: str) -> Address | None:
    """An address, as proxies write it: perhaps with a port, an IPv6 address then in brackets."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
