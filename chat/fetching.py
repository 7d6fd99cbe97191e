"""A picture by its address on the web, and never anything of this machine or the network around it.

A server that fetches what it is told to can be made to fetch what only it can reach: its own ports, a
router, a cloud's metadata (server-side request forgery). So a host is looked up once, every address it
has must be public, the connection goes to that very address, and each redirect is a new connection under
the same rule. Proxies of the environment are not used: they would look the host up again.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpcore

from chat.errors import ImageError
from memory.images import DEFAULT_LIMITS

SECONDS = 20.0
"""How long one address may take in all, its redirects included."""

REDIRECTS = 5

_HEADERS = [
    ("User-Agent", "visavis"),
    ("Accept", "image/*, application/pdf, video/*"),
    ("Accept-Encoding", "identity"),
]
_MOVED = {301, 302, 303, 307, 308}
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
_TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))


def is_url(text: str) -> bool:
    """Whether a text is meant as an address on the web."""
    return text[:8].lower().startswith(("http://", "https://"))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's.

    An IPv4 address in an IPv6 one (mapped, or NAT64) counts as itself; tunnels to IPv4 (Teredo,
    6to4) do not count as public. Follows the IANA special-purpose address registries.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip.scope_id or ip not in _PUBLIC_IPV6 or any(ip in tunnel for tunnel in _TUNNELS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def fetch(
    url: str,
    *,
    allowed: Callable[[str], bool] = is_public,
    seconds: float = SECONDS,
    most: int = DEFAULT_LIMITS.file_bytes,
) -> tuple[bytes, str | None]:
    """The bytes at an http(s) address, and the name that the address gives them, if any.

    `allowed` says of an IP address whether it may be connected to. Raises ImageError, also for
    more than `most` bytes, and when it takes more than `seconds`. What the bytes are is for
    whoever decodes them to find.
    """
    backend = _GuardedBackend(allowed, time.monotonic() + seconds)
    try:
        with httpcore.ConnectionPool(network_backend=backend) as pool:
            return _follow(pool, url, most)
    except httpcore.TimeoutException as error:
        raise _refusal(
            url, f"it takes longer than {seconds:.0f} seconds; save the picture and send the file"
        ) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
        raise _refusal(url, f"{str(error) or 'the connection broke'}; check the address") from error


def _follow(pool: httpcore.ConnectionPool, url: str, most: int) -> tuple[bytes, str | None]:
    """The answer at the end of the redirects."""
    at = url
    for _ in range(REDIRECTS + 1):
        at = _checked(at)
        with pool.stream("GET", at, headers=_HEADERS) as answer:
            if answer.status in _MOVED:
                at = urljoin(at, _header(answer, b"location"))
                continue
            if answer.status != 200:
                raise _refusal(url, f"the server answers {answer.status}; check the address")
            return _body(url, answer, most), _name(at)
    raise _refusal(url, f"it is redirected more than {REDIRECTS} times; give the picture's own address")


def _checked(url: str) -> str:
    """The address as it goes over the wire, in ASCII. Raises ImageError unless it is http(s) with a host."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise _refusal(url, f"it is no sound address ({error}); check it") from error
    if parts.scheme not in ("http", "https") or not host:
        raise _refusal(url, "only addresses that begin with http:// or https:// and a host are fetched")
    if parts.username is not None or parts.password is not None:
        raise _refusal(url, "it carries a name or password; give an address without")
    place = f"[{host}]" if ":" in host else host
    path = quote(parts.path or "/", safe=_URL_CHARACTERS)
    query = f"?{quote(parts.query, safe=_URL_CHARACTERS)}" if parts.query else ""
    return f"{parts.scheme}://{place}{'' if port is None else f':{port}'}{path}{query}"


def _body(url: str, answer: httpcore.Response, most: int) -> bytes:
    too_much = _refusal(
        url, f"it has more than {most / 1e6:.0f} MB; make the picture smaller and send the file"
    )
    announced = _header(answer, b"content-length")
    if announced.isdecimal() and int(announced) > most:
        raise too_much
    body = bytearray()
    for piece in answer.iter_stream():
        body += piece
        if len(body) > most:
            raise too_much
    return bytes(body)


def _header(answer: httpcore.Response, name: bytes) -> str:
    """A header's value; empty if there is none."""
    values = (value for key, value in answer.headers if key.lower() == name)
    return next(values, b"").decode("latin-1")


def _name(url: str) -> str | None:
    return unquote(urlsplit(url).path).rpartition("/")[2] or None


def _refusal(url: str, reason: str) -> ImageError:
    return ImageError(f"{url[:200]} cannot be fetched: {reason}.")


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects to allowed addresses alone, and to none after the deadline (of `time.monotonic`)."""

    def __init__(self, allowed: Callable[[str], bool], deadline: float) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: httpcore.ConnectError | None = None
        for address in self._addresses(host, port):
            try:
                stream = self._inner.connect_tcp(
                    address, port, _left(self._deadline), local_address, socket_options
                )
                return _TimedStream(stream, self._deadline)
            except httpcore.ConnectError as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, looked up once. Raises ImageError if one of them is not allowed."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"there is no host {host}") from error
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        for address in addresses:
            if not self._allowed(address):
                raise ImageError(
                    f"{host} cannot be asked for a picture: it is at {address}, which is not on the public "
                    "internet. Save the picture and send the file."
                )
        return addresses


class _TimedStream(httpcore.NetworkStream):
    """A connection that no single byte keeps open: whatever it does ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    """The seconds until then. Raises httpcore's timeout if there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.TimeoutException
    return left
