"""What an OpenID provider says is believed only where it is proven, and waited for only so long."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from app.errors import Invalid
from app.provider import LIMIT, IdentityRefused, ProviderFailed, Start, provider_of
from app.settings import Settings
from tests.app.identities import BACK, CLIENT, ISSUER, Identities, ec_key, rsa_key
from tests.app.world import NOW

DESCRIPTION = "/.well-known/openid-configuration"


def identities(**kind) -> Identities:
    return Identities(NOW.timestamp(), **kind)


def come_back(there: Identities, *, nonce: str | None = None, verifier: str | None = None, at=NOW) -> str:
    """Sign in there as the subject s-1; the login may have been begun with another nonce or verifier."""
    provider, start = there.provider(), Start.new()
    code = there.let_in(provider.address(start, at))["code"]
    return provider.subject(code, Start(start.state, nonce or start.nonce, verifier or start.verifier), at)


def _told(kind: dict[str, object]) -> str:
    """A name that is the same in every process: a key has an address in its own."""
    return str({name: name if name == "key" else value for name, value in kind.items()})


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"key": ec_key(), "algorithm": "ES256"},
        {"algorithm": "PS256"},
        {"public": True},
        {"methods": ["client_secret_post"]},
        {"claims": {"aud": [CLIENT]}},
        {"claims": {"aud": [CLIENT, "another"], "azp": CLIENT}},
    ],
    ids=["as usual", "an EC key", "PS256", "a public client", "a secret by post", "aud as a list", "azp"],
)
def test_the_subject_of_a_proven_token_is_who_has_come(kind) -> None:
    assert come_back(identities(**kind)) == "s-1"


@pytest.mark.parametrize(
    "kind",
    [
        {"claims": {"nonce": "of another login"}},
        {"claims": {"nonce": None}},
        {"claims": {"exp": int(NOW.timestamp()) - 61}},
        {"claims": {"exp": None}},
        {"claims": {"exp": "tomorrow"}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": ["another", "and another"]}},
        {"claims": {"aud": None}},
        {"claims": {"aud": [CLIENT, "another"]}},
        {"claims": {"azp": "another"}},
        {"claims": {"iss": "https://elsewhere.example"}},
        {"claims": {"iss": f"{ISSUER}/"}},
        {"claims": {"iss": None}},
        {"claims": {"iat": None}},
        {"claims": {"iat": int(NOW.timestamp()) + 600}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": 7}},
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"key": rsa_key("of somebody else")},
        {"claims": {"at_hash": "of another token"}},
    ],
    ids=_told,
)
def test_a_token_that_does_not_prove_it_is_refused(kind) -> None:
    there = identities(**kind)
    with pytest.raises(IdentityRefused):
        come_back(there)
    assert "/token" in there.paths()


def test_a_forged_signature_under_a_known_key_is_refused() -> None:
    forger = rsa_key("forger")
    forged = type(forger).import_key(forger.as_dict(private=True) | {"kid": "rsa"})
    with pytest.raises(IdentityRefused, match="ID token"):
        come_back(identities(key=forged))


def test_a_code_is_redeemed_only_by_who_began_with_its_verifier() -> None:
    with pytest.raises(IdentityRefused, match="code"):
        come_back(identities(), verifier="v" * 60)
    with pytest.raises(IdentityRefused, match="ID token"):
        come_back(identities(), nonce="another")


def fails(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route to host", request=request)


def late(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("nothing came", request=request)


@pytest.mark.parametrize("path", [DESCRIPTION, "/token", "/keys"])
@pytest.mark.parametrize(
    "answer",
    [
        fails,
        late,
        lambda _: Identities(0).send({"error": "server_error"}, 500),
        lambda _: Identities(0).send({"id_token": "", "keys": []}, 302),
        lambda _: Identities(0).send({"error": "invalid_client"}, 401),
        lambda _: Identities(0).send(b"<html>"),
        lambda _: Identities(0).send([]),
        lambda _: Identities(0).send(b"[" * 100_000),
        lambda _: Identities(0).send({}),
    ],
)
def test_a_provider_that_does_not_answer_as_it_should_is_told_apart(path, answer) -> None:
    there = identities(answers={path: answer})
    with pytest.raises(ProviderFailed) as told:
        come_back(there)
    assert told.value.status == 503
    assert told.value.why
    assert told.value.why not in told.value.message


@pytest.mark.parametrize("path", [DESCRIPTION, "/token", "/keys"])
def test_a_huge_answer_is_read_up_to_the_limit_and_no_further(path) -> None:
    there = identities()
    there.answers[path] = lambda _: there.send(b" " * 50_000_000)
    with pytest.raises(ProviderFailed):
        come_back(there)
    assert LIMIT < there.streams[-1].read <= LIMIT + 2 * 8192


def test_a_slow_answer_is_not_waited_for(monkeypatch) -> None:
    there, clock = identities(), iter(range(0, 10_000, 6))
    monkeypatch.setattr("app.provider.monotonic", lambda: float(next(clock)))
    there.answers[DESCRIPTION] = lambda _: there.send(b" " * 100_000)
    with pytest.raises(ProviderFailed):
        come_back(there)
    assert there.streams[-1].read < 50_000


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://elsewhere.example"},
        {"authorization_endpoint": None},
        {"token_endpoint": "http://id.example.org/token"},
        {"jwks_uri": "http://id.example.org/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_endpoint": "https:///token"},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ],
    ids=str,
)
def test_a_description_of_another_or_without_tls_is_not_followed(changed) -> None:
    there = identities()
    described = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorise",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
    }
    there.answers[DESCRIPTION] = lambda _: there.send(described | changed)
    with pytest.raises(ProviderFailed):
        come_back(there)
    assert {request.url.scheme for request in there.asked} == {"https"}


def test_a_key_set_without_a_key_that_is_known_proves_nothing() -> None:
    there = identities()
    there.answers["/keys"] = lambda _: there.send({"keys": [{"kty": "new"}, {"kty": "oct", "k": "c2VjcmV0"}]})
    with pytest.raises(IdentityRefused):
        come_back(there)


def test_the_description_is_asked_for_once_an_hour_and_the_keys_at_every_login() -> None:
    there = identities()
    provider = there.provider()
    for after in (0, 1, 61):
        at = NOW + timedelta(minutes=after)
        there.at = at.timestamp()
        start = Start.new()
        provider.subject(there.let_in(provider.address(start, at))["code"], start, at)
    assert there.paths().count(DESCRIPTION) == 2
    assert there.paths().count("/keys") == 3


def test_the_secret_is_in_no_representation() -> None:
    assert "s3cret" not in repr(identities().provider())


def named(**settings: str | None) -> Settings:
    return Settings(**({"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, "oidc_redirect_uri": BACK} | settings))


def test_a_provider_is_named_by_the_settings_or_not_at_all() -> None:
    provider = provider_of(named(oidc_client_secret="s"))
    assert provider is not None
    assert (provider.issuer, provider.name) == (ISSUER, "id.example.org")
    named_otherwise = provider_of(named(oidc_name="Example ID"))
    assert named_otherwise is not None
    assert named_otherwise.name == "Example ID"
    assert provider_of(Settings(oidc_issuer=ISSUER)) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_issuer": None},
        {"oidc_client_id": None},
        {"oidc_redirect_uri": None},
        {"oidc_issuer": "http://id.example.org"},
        {"oidc_issuer": "id.example.org"},
        {"oidc_redirect_uri": "http://triveni.example.org/sign-in/callback"},
        {"oidc_redirect_uri": "https://triveni.example.org/elsewhere"},
        {"oidc_redirect_uri": "https://triveni.example.org:port/sign-in/callback"},
    ],
    ids=str,
)
def test_half_a_provider_stops_the_start_with_what_to_set(settings) -> None:
    with pytest.raises(Invalid) as told:
        provider_of(named(**settings))
    assert "TRIVENI_OIDC_" in f"{told.value} {told.value.hint}"
