"""The service account that the fake knows: its key, its tokens, and what else it may sign with."""

import base64
import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.gcs.bucket import Refusal

EMAIL = "media@project.iam.gserviceaccount.com"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SECONDS = 3600


class Account:
    """One account with a key of its own run, and the tokens that were given to it."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.tokens: set[str] = set()

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        return self.key.public_key()

    def file(self, token_uri: str) -> dict[str, Any]:
        """What a service account's file has in it."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": token_uri,
        }

    def exchange(self, form: dict[str, str], token_uri: str) -> dict[str, Any]:
        """Give a token for an assertion that this account has signed (RFC 7523)."""
        try:
            claims = jwt.decode(form["assertion"], self.public_key, ["RS256"], audience=token_uri, issuer=EMAIL)
        except (KeyError, jwt.InvalidTokenError):
            raise Refusal(400, "invalid_grant") from None
        if (
            form.get("grant_type") != GRANT
            or not claims.get("scope")
            or claims["exp"] > time.time() + TOKEN_SECONDS + 5
        ):
            raise Refusal(400, "invalid_request")
        return self.issue()

    def issue(self) -> dict[str, Any]:
        """Give a token, as to a machine that runs as this account."""
        token = secrets.token_urlsafe()
        self.tokens.add(token)
        return {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}

    def sign(self, payload: str) -> dict[str, str]:
        """What `signBlob` answers."""
        signature = self.key.sign(base64.b64decode(payload), padding.PKCS1v15(), hashes.SHA256())
        return {"keyId": "1", "signedBlob": base64.b64encode(signature).decode()}

    def check(self, authorization: str | None) -> None:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise Refusal(401, "Anonymous caller does not have storage.objects access.")
