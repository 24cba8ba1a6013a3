"""An OpenID provider in this process: real keys, real signatures, codes that are redeemed once and only with their verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from pydantic import SecretStr

from app.provider import Provider

ISSUER, CLIENT, SECRET = "https://id.example.org/realm", "triveni", "s3cret of the client"
BACK = "https://testserver/sign-in/callback"


@cache
def rsa_key(kid: str = "rsa") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@cache
def ec_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})


class _Sent(httpx.SyncByteStream):
    """A body that is read from a connection, part by part."""

    def __init__(self, body: bytes) -> None:
        self.body, self.read = body, 0

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), 8192):
            self.read = start + 8192
            yield self.body[start : start + 8192]


@dataclass
class Identities:
    """The provider; ``answers`` puts another answer in the place of one, by its path."""

    at: float
    claims: dict[str, Any] = field(default_factory=dict)
    """Put over those of every token; None takes one out."""
    algorithm: str = "RS256"
    key: Any = field(default_factory=rsa_key)
    answers: dict[str, Callable[[httpx.Request], httpx.Response]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    public: bool = False
    methods: list[str] | None = None
    streams: list[_Sent] = field(default_factory=list)

    def provider(self) -> Provider:
        """This service's side of it."""
        secret = None if self.public else SecretStr(SECRET)
        return Provider(ISSUER, CLIENT, BACK, "Example ID", secret, httpx.MockTransport(self._answer))

    def let_in(self, address: str, subject: str = "s-1") -> dict[str, str]:
        """What the browser brings back after its person has signed in at an address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{ISSUER}/authorise?")
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"] == BACK
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked | {"sub": subject}
        return {"state": asked["state"], "code": code, "iss": ISSUER}

    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/realm") for request in self.asked]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path.removeprefix("/realm")
        if path in self.answers:
            return self.answers[path](request)
        return {
            "/.well-known/openid-configuration": self._describe,
            "/keys": lambda _: self.send({"keys": [*self._keys(), {"kty": "oct", "k": "c2VjcmV0"}]}),
            "/token": self._token,
        }[path](request)

    def send(self, document: Any, status: int = 200) -> httpx.Response:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.streams.append(_Sent(body))
        return httpx.Response(status, stream=self.streams[-1])

    def _describe(self, _: httpx.Request) -> httpx.Response:
        described = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorise",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "response_types_supported": ["code"],
        }
        more = {} if self.methods is None else {"token_endpoint_auth_methods_supported": self.methods}
        return self.send(described | more)

    def _keys(self) -> list[Any]:
        return [rsa_key().as_dict(private=False), ec_key().as_dict(private=False)]

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        assert form["grant_type"] == "authorization_code"
        if not self._is_client(request, form):
            return self.send({"error": "invalid_client"}, 401)
        begun = self.codes.pop(form["code"], None)
        challenge = _unpadded(hashlib.sha256(form["code_verifier"].encode()).digest())
        if begun is None or (begun["redirect_uri"], begun["code_challenge"]) != (form["redirect_uri"], challenge):
            return self.send({"error": "invalid_grant"}, 400)
        return self.send({"id_token": self._signed(begun), "access_token": "t", "token_type": "Bearer"})

    def _is_client(self, request: httpx.Request, form: dict[str, str]) -> bool:
        if self.public:
            return form["client_id"] == CLIENT and "authorization" not in request.headers
        if self.methods == ["client_secret_post"]:
            return (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        return request.headers["authorization"] == f"Basic {basic}"

    def _signed(self, begun: dict[str, str]) -> str:
        claims = {
            "iss": ISSUER,
            "sub": begun["sub"],
            "aud": CLIENT,
            "iat": int(self.at),
            "exp": int(self.at) + 300,
            "nonce": begun["nonce"],
            "email": "lead@example.org",
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm in ("none", "HS256"):
            return self._unproven(claims)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    def _unproven(self, claims: dict[str, Any]) -> str:
        """A token that anyone can make: signed by nothing, or with the public key as if it were a shared secret."""
        parts = [_unpadded(json.dumps(part).encode()) for part in ({"alg": self.algorithm, "kid": "rsa"}, claims)]
        told = hmac.digest(rsa_key().as_pem(private=False), ".".join(parts).encode(), "sha256")
        return ".".join([*parts, "" if self.algorithm == "none" else _unpadded(told)])


def _unpadded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
