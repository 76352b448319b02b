"""How the fake checks V4 signatures: written from Google's description, with nothing of the service's own signer.

Source: cloud.google.com/storage/docs/authentication/canonical-requests, …/signatures.
"""

import binascii
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.gcs.bucket import Refusal

OWN = ("x-goog-algorithm", "x-goog-credential", "x-goog-date", "x-goog-expires", "x-goog-signedheaders")
SIGNATURE = "x-goog-signature"
MOST_SECONDS = 604_800
EARLY = timedelta(minutes=15)


def is_signed(request: web.Request) -> bool:
    return any(name.lower() == SIGNATURE for name in request.query)


def check_signature(request: web.Request, email: str, key: rsa.RSAPublicKey, now: datetime) -> None:
    """Refuse a request that is not the one that was signed by this account, or comes too late."""
    path, _, raw_query = request.raw_path.partition("?")
    pairs = parse_qsl(raw_query, keep_blank_values=True, strict_parsing=True)
    own = {name.lower(): value for name, value in pairs if name.lower() in {*OWN, SIGNATURE}}
    if len({name.lower() for name, _ in pairs}) != len(pairs) or set(own) != {*OWN, SIGNATURE}:
        raise Refusal(400, "The query parameters are not those of a V4 signature.")
    signed_at, scope = _scope(own, email)
    _check_time(own, signed_at, now)
    canonical = "\n".join(
        [
            request.method,
            quote(unquote(path), safe="/"),
            _canonical_query(pairs),
            *_canonical_headers(request, own["x-goog-signedheaders"].split(";")),
            "",
            own["x-goog-signedheaders"],
            request.headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    )
    text = "\n".join(["GOOG4-RSA-SHA256", own["x-goog-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    try:
        key.verify(binascii.unhexlify(own[SIGNATURE]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error):
        raise Refusal(403, "SignatureDoesNotMatch") from None


def _scope(own: dict[str, str], email: str) -> tuple[datetime, str]:
    account, _, scope = own["x-goog-credential"].partition("/")
    try:
        signed_at = datetime.strptime(own["x-goog-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(400, "X-Goog-Date is none.") from None
    if own["x-goog-algorithm"] != "GOOG4-RSA-SHA256" or account != email:
        raise Refusal(403, "The account or the algorithm is not known.")
    if scope != f"{own['x-goog-date'][:8]}/auto/storage/goog4_request":
        raise Refusal(400, "The credential's scope is none.")
    return signed_at, scope


def _check_time(own: dict[str, str], signed_at: datetime, now: datetime) -> None:
    if not own["x-goog-expires"].isdigit() or not 0 < int(own["x-goog-expires"]) <= MOST_SECONDS:
        raise Refusal(400, "X-Goog-Expires is out of bounds.")
    if now + EARLY < signed_at:
        raise Refusal(403, "The URL is not valid yet.")
    if now > signed_at + timedelta(seconds=int(own["x-goog-expires"])):
        raise Refusal(400, "ExpiredToken")


def _canonical_query(pairs: list[tuple[str, str]]) -> str:
    encoded = [(quote(name, safe=""), quote(value, safe="")) for name, value in pairs if name.lower() != SIGNATURE]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _canonical_headers(request: web.Request, names: list[str]) -> list[str]:
    """The signed headers as they came. All of Google's own have to be among them."""
    if names != sorted({name.lower() for name in names}) or "host" not in names:
        raise Refusal(400, "X-Goog-SignedHeaders is not in order.")
    unsigned = {name.lower() for name in request.headers if name.lower().startswith("x-goog-")} - set(names)
    missing = [name for name in names if name not in request.headers]
    if unsigned or missing:
        raise Refusal(403, f"MalformedSecurityHeader: {sorted(unsigned)} are not signed, {missing} are missing.")
    # At Google the port is never in it; where an emulator has one, clients sign the name alone.
    host = request.headers["host"].partition(":")[0]
    values = {name: " ".join(" ".join(request.headers.getall(name)).split()) for name in names} | {"host": host}
    return [f"{name}:{values[name]}" for name in names]
