"""The database's address as an operator writes it, and as the driver takes it."""

from urllib.parse import urlsplit

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "cockroachdb": "cockroachdb+psycopg",
    "cockroach": "cockroachdb+psycopg",
    "cockroachdb+psycopg": "cockroachdb+psycopg",
}


def driver_url(value: object) -> object:
    """The URL with the driver that this service uses. Raises `ValueError`, and never repeats what may be a password."""
    if not isinstance(value, str):
        return value
    scheme, separator, rest = value.partition("://")
    driver = DRIVERS.get(scheme)
    if not separator or driver is None:
        raise ValueError("must begin with cockroachdb:// or postgresql:// (+psycopg, the only driver, may be left out)")
    if not _names_a_database(value):
        raise ValueError("must name a host and a database: postgresql://user:password@host:port/database")
    return f"{driver}://{rest}"


def _names_a_database(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # A socket's directory, and several hosts, stand in the query.
        return bool(parts.hostname or parts.query) and parts.port != 0 and bool(parts.path.strip("/"))
    except ValueError:
        return False
