"""An OpenID provider: where it takes people's names, and whom it says has come back (no database).

The authorization code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636). Requests and claims are Authlib's,
signatures are joserfc's; what the provider sends is read within a time and a size, and none of its redirects is
followed. Only the subject of an ID token is used: addresses and names in it are the provider's word and open nothing.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar, cast

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key
from pydantic import ConfigDict, SecretStr, ValidationError

from app.errors import Invalid, NotReady
from app.settings import Settings
from matching.phrases import say
from matching.profile import Frozen

ALGORITHMS = frozenset("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512".split())
"""By which an ID token may be signed: with a key whose other half only the provider has."""

TIMEOUT, DEADLINE = 5.0, 15.0
"""Seconds for one step of a request, and for the whole of it."""

LIMIT = 256 * 1024
"""Bytes of an answer; a set of a dozen keys with their certificates is a tenth of it."""

LEEWAY = 60
"""Seconds by which the provider's clock and ours may differ."""

DESCRIBED_FOR = timedelta(hours=1)
"""How long the provider's description of itself is kept; its keys are fetched at every login."""

CALLBACK = "/sign-in/callback"
"""Where the provider sends people back to: the path that `TRIVENI_OIDC_REDIRECT_URI` ends with."""

_AT_HOME = ("localhost", "127.0.0.1")
"""Hosts that may be spoken to without TLS: for a trial on one's own machine."""


class ProviderFailed(NotReady):
    """The provider does not answer, or not as OpenID Connect says; ``why`` is for the log."""

    code = "provider-failed"

    def __init__(self, why: str = "") -> None:
        super().__init__(
            say("the sign-in service of your organisation does not answer as it should"),
            hint=say("try again in a few minutes; if you have a password here, sign in with it"),
        )
        self.why = why


class IdentityRefused(Exception):
    """The provider's answer does not prove who has come; ``code`` says why, ``why`` in a sentence for the log."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


@dataclass(frozen=True, slots=True)
class Start:
    """What one login is told by."""

    state: str
    """Ties the answer to the browser."""
    nonce: str
    """Ties the ID token to the login."""
    verifier: str
    """Only who holds it can redeem the code."""

    @classmethod
    def new(cls) -> Start:
        """One that nobody can guess."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64))


class _Told(Frozen):
    """What a provider sends; it may say more than is read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Description(_Told):
    """The provider's description of itself (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(_Told):
    id_token: str
    access_token: str | None = None


class _Keys(_Told):
    keys: tuple[dict[str, Any], ...]


class _Problem(_Told):
    error: str = ""


_Shape = TypeVar("_Shape", bound=_Told)


@dataclass
class Provider:
    """The provider that the operator has named, as this service is known to it."""

    issuer: str
    client_id: str
    redirect_uri: str
    name: str
    """What people call it; on the button."""
    secret: SecretStr | None = None
    """None: the service is a public client, and PKCE alone binds the code to it."""
    transport: httpx.BaseTransport | None = None
    _described: tuple[datetime, Description] | None = field(default=None, init=False, repr=False)

    def address(self, start: Start, at: datetime) -> str:
        """Where a person is sent to say who they are; raises ProviderFailed."""
        address: str = prepare_grant_uri(
            self._description(at).authorization_endpoint,
            self.client_id,
            "code",
            redirect_uri=self.redirect_uri,
            scope="openid",
            state=start.state,
            nonce=start.nonce,
            code_challenge=create_s256_code_challenge(start.verifier),
            code_challenge_method="S256",
        )
        return address

    def subject(self, code: str, start: Start, at: datetime) -> str:
        """Who has come, for the code that they brought back; raises IdentityRefused and ProviderFailed."""
        described = self._description(at)
        tokens = self._redeem(described, code, start)
        keys = _told(_Keys, self._fetch("GET", described.jwks_uri))
        return self._proven(tokens, keys, start, at)

    def _description(self, at: datetime) -> Description:
        if self._described is None or at - self._described[0] >= DESCRIBED_FOR:
            described = _told(Description, self._fetch("GET", get_well_known_url(self.issuer, external=True)))
            if described.issuer != self.issuer:
                raise ProviderFailed(f"it describes itself as {described.issuer[:200]!r}")
            self._described = at, described
        return self._described[1]

    def _redeem(self, described: Description, code: str, start: Start) -> _Tokens:
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=self.redirect_uri, code_verifier=start.verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        secret = self.secret.get_secret_value() if self.secret is not None else None
        signed = ClientAuth(self.client_id, secret, self._method(described))
        address, headers, body = signed.prepare("POST", described.token_endpoint, headers, body)
        status, content = self._fetch("POST", address, content=body.encode(), headers=headers)
        if status in (400, 401) and _told(_Problem, (200, content)).error == "invalid_grant":
            raise IdentityRefused("code-refused", "the provider does not take the code")
        return _told(_Tokens, (status, content))

    def _method(self, described: Description) -> str:
        if self.secret is None:
            return "none"
        for method in ("client_secret_basic", "client_secret_post"):
            if method in described.token_endpoint_auth_methods_supported:
                return method
        raise ProviderFailed("it takes a secret neither in a header nor in a form")

    def _proven(self, tokens: _Tokens, keys: _Keys, start: Start, at: datetime) -> str:
        try:
            token = jwt.decode(tokens.id_token, _signing_keys(keys), algorithms=ALGORITHMS)
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                },
                params={"nonce": start.nonce, "client_id": self.client_id, "access_token": tokens.access_token},
            )
            claims.validate(now=int(at.timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError) as problem:
            raise IdentityRefused("token-refused", f"the ID token is refused: {str(problem)[:200]}") from problem
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise IdentityRefused("token-refused", "the ID token names no subject")
        return subject

    def _fetch(
        self, method: str, address: str, *, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body; raises ProviderFailed for an answer too late or too long, and an address without TLS."""
        _check_form(address)
        until, body = monotonic() + DEADLINE, bytearray()
        # Asked for as it is: a compressed answer would unfold beyond the limit before it is counted.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"} | (headers or {})
        try:
            with (
                httpx.Client(transport=self.transport, timeout=TIMEOUT, trust_env=False) as client,
                client.stream(method, address, content=content, headers=headers) as answer,
            ):
                for part in answer.iter_raw():
                    body += part
                    if len(body) > LIMIT or monotonic() > until:
                        raise ProviderFailed(f"{address} answers with more than {LIMIT} bytes, or too slowly")
                return answer.status_code, bytes(body)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise ProviderFailed(f"{address}: {type(problem).__name__} {problem}"[:300]) from problem


def _told(shape: type[_Shape], answered: tuple[int, bytes]) -> _Shape:
    """A document of the provider; raises ProviderFailed unless it was sent with success and is of that shape."""
    status, content = answered
    if status != 200:
        raise ProviderFailed(f"it answers with status {status}")
    try:
        return shape.model_validate(json.loads(content))
    except (ValidationError, ValueError, RecursionError) as problem:
        raise ProviderFailed(f"what it answers is no {shape.__name__.strip('_').lower()}") from problem


def _signing_keys(keys: _Keys) -> KeySet:
    """The keys that can prove a signature; those of kinds that are not known here are left out."""
    held = [key for key in keys.keys if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]
    return KeySet([import_key(cast("Any", key)) for key in held])


def _check_form(address: str) -> None:
    try:
        parsed = httpx.URL(address)
    except httpx.InvalidURL as problem:
        raise ProviderFailed(f"{address[:200]!r} is no address") from problem
    if not _is_safe(parsed):
        raise ProviderFailed(f"{address[:200]!r} does not begin with https://")


def _is_safe(address: httpx.URL) -> bool:
    return bool(address.host) and (address.scheme == "https" or (address.scheme == "http" and address.host in _AT_HOME))


def provider_of(settings: Settings) -> Provider | None:
    """The provider of the settings, None where none is named; raises Invalid where half of one is."""
    issuer, client_id, back = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_redirect_uri
    if not client_id and not back:
        return None  # an issuer alone lets accounts be linked, and opens none
    if not issuer or not client_id or not back:
        raise Invalid(
            "a provider of sign-ins is named by half",
            hint="set TRIVENI_OIDC_ISSUER, TRIVENI_OIDC_CLIENT_ID and TRIVENI_OIDC_REDIRECT_URI, or none of them",
        )
    for variable, address in (("TRIVENI_OIDC_ISSUER", issuer), ("TRIVENI_OIDC_REDIRECT_URI", back)):
        if not _is_safe(_parsed(variable, address)):
            raise Invalid(f"{variable} is {address!r}", hint="an address that begins with https://")
    if not back.endswith(CALLBACK):
        raise Invalid(f"TRIVENI_OIDC_REDIRECT_URI is {back!r}", hint=f"this service's address, and then {CALLBACK}")
    name = settings.oidc_name or httpx.URL(issuer).host
    return Provider(issuer, client_id, back, name, settings.oidc_client_secret)


def _parsed(variable: str, address: str) -> httpx.URL:
    try:
        return httpx.URL(address)
    except httpx.InvalidURL as problem:
        raise Invalid(f"{variable} is no address: {problem}") from problem
