"""Requests go to the public internet only, to the very address that was checked, and follow nothing."""

from __future__ import annotations

import httpx
import pytest

from app.errors import Invalid
from app.outbound import Outbound, Refused, is_public

HOSTILE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "100::1",
)  # fmt: skip


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_that_is_not_public_is_refused_named_or_resolved(address: str) -> None:
    assert not is_public(address)
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(Invalid):
        Outbound(resolve=lambda host, port: [address]).check(f"https://{literal.replace('%', '%25')}/hook")
    with pytest.raises(Refused):
        Outbound(resolve=lambda host, port: ["93.184.216.34", address]).check("https://hooks.example.org/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_a_public_address_is_let_through(address: str) -> None:
    assert is_public(address)
    assert Outbound(resolve=lambda host, port: [address]).check("https://hooks.example.org/")[1] == address


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.org/", "ftp://hooks.example.org/", "file:///etc/passwd", "https://", "https:///x", "hooks",
     "https://user:secret@hooks.example.org/", "gopher://x", "https://[::1/", "https://127.0.0.1/", "https://2130706433/"],
)  # fmt: skip
def test_what_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        Outbound(resolve=lambda host, port: ["127.0.0.1"]).check(url)


def test_a_name_without_an_address_is_told() -> None:
    with pytest.raises(Refused, match="no address"):
        Outbound(resolve=lambda host, port: []).check("https://hooks.example.org/")


def sent(answer: httpx.Response, **over):
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer

    outbound = Outbound(
        transport=httpx.MockTransport(handle), **{"resolve": lambda host, port: ["93.184.216.34"]} | over
    )
    status = outbound.post("https://hooks.example.org:8443/in?x=1", b"{}", {"webhook-id": "1"}).status_code
    return status, asked


def test_the_connection_goes_to_the_address_that_was_checked_under_its_own_name() -> None:
    status, (request,) = sent(httpx.Response(204))
    assert status == 204
    assert str(request.url) == "https://93.184.216.34:8443/in?x=1"
    assert request.headers["host"] == "hooks.example.org:8443"
    assert request.extensions["sni_hostname"] == "hooks.example.org"
    assert request.headers["webhook-id"] == "1"


def test_a_redirect_is_not_followed() -> None:
    status, asked = sent(httpx.Response(302, headers={"location": "https://127.0.0.1/"}))
    assert (status, len(asked)) == (302, 1)


def test_the_operator_may_allow_the_own_network() -> None:
    outbound = Outbound(allow_private=True, resolve=lambda host, port: ["10.0.0.7"])
    assert outbound.check("http://crm.internal/hook")[1] == "10.0.0.7"
