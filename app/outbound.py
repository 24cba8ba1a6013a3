"""Requests to addresses that others gave us: to the public internet only, to the very address that was checked.

The name is resolved here, every address it has must be one of the public internet, and the connection goes to one that
was checked: a name that answers differently the second time gains nothing. Redirects are answers, and not followed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from app.errors import Invalid

TIMEOUT = 10.0
"""Seconds that another's server is given."""

Resolve = Callable[[str, int], Sequence[str]]


class Refused(Invalid):
    """The address is not one of the public internet."""

    code = "address-refused"


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name; raises Invalid when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise Invalid(f"the name {host!r} has no address: {problem}") from problem
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Is it an address of the public internet? An IPv4 address wrapped in an IPv6 one counts as itself."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Outbound:
    """How requests go out; ``allow_private`` lets them into the operator's own network, for its own systems."""

    allow_private: bool = False
    resolve: Resolve = resolve
    transport: httpx.BaseTransport | None = None

    def check_form(self, url: str) -> httpx.URL:
        """The address, as far as it can be told without resolving its name; raises Refused or Invalid."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as problem:
            raise Invalid(f"this is no address: {problem}") from problem
        if parsed.scheme not in ({"https", "http"} if self.allow_private else {"https"}):
            raise Refused(f"the address begins with {parsed.scheme or 'nothing'}:// and not with https://")
        if not parsed.host or parsed.userinfo:
            raise Refused("the address has no host, or holds a name and a password")
        if _is_literal(parsed.host) and not is_public(parsed.host) and not self.allow_private:
            raise Refused(f"{parsed.host} is not of the public internet")
        return parsed

    def check(self, url: str) -> tuple[httpx.URL, str]:
        """The address and one of its host's addresses, checked; raises Refused or Invalid."""
        parsed = self.check_form(url)
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        addresses = self.resolve(parsed.host, port)
        bad = [address for address in addresses if not is_public(address)]
        if not addresses or (bad and not self.allow_private):
            raise Refused(f"{parsed.host} is not of the public internet ({', '.join(bad) or 'no address'})")
        return parsed, addresses[0]

    def post(self, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Post to an address of the public internet; raises Refused, Invalid, and httpx's own errors."""
        parsed, address = self.check(url)
        host = parsed.netloc.decode("ascii")
        with httpx.Client(transport=self.transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
            request = client.build_request(
                "POST",
                parsed.copy_with(host=address),
                content=content,
                headers=headers | {"Host": host},
                extensions={"sni_hostname": parsed.host},
            )
            answer = client.send(request, stream=True)  # nothing of what it says is read
            answer.close()
            return answer
