"""Pictures by their address: whatever leads to this machine or the network around it is refused."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from chat import Chat, ImageError, pictures
from chat.fetching import REDIRECTS, fetch, is_public, is_url
from chat.pictures import read_pictures

Pictures = Callable[..., bytes]


class Web(BaseHTTPRequestHandler):
    """A web server for one picture, in good ways and bad."""

    picture = b""
    asked: list[tuple[str, str]]
    going_on: Event

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Host"]))
        match self.path.split("?")[0]:
            case "/cat.png" | "/a%20cat.png" | "/":
                self.answer(200, self.picture)
            case "/moved":
                self.answer(302, b"", Location="/cat.png")
            case "/away":
                self.answer(307, b"", Location=self.path.partition("?")[2])
            case "/round":
                self.answer(301, b"", Location="/round")
            case "/long":
                self.answer(200, bytes(2000))
            case "/endless":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(bytes(2000))
            case "/slow":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                self.going_on.wait(60)
            case "/broken":
                self.wfile.write(b"no HTTP at all\r\n\r\n")
            case _:
                self.answer(404, b"nothing here")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def web(picture: Pictures) -> Iterator[str]:
    """The address of a server with a picture at /cat.png."""
    Web.picture, Web.asked, Web.going_on = picture(), [], Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Web.going_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


def anywhere(address: str) -> bool:
    return True


# ---- which addresses are public -------------------------------------------------------------------

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
NOT_PUBLIC = [
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1"),
    *("2001:db8::1", "100::1", "4000::1", "2000::1%eth0"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8"),
    *("2002:7f00:1::", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    *("localhost", "", "1", "0x7f.1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_every_other_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]"],
)
def test_no_spelling_of_this_machine_is_connected_to(web: str, host: str) -> None:
    port = web.rpartition(":")[2]
    with pytest.raises(ImageError, match="not on the public internet"):
        fetch(f"http://{host}:{port}/cat.png")
    assert Web.asked == []


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "http://[fd00::1]/"]
)
def test_nothing_around_this_machine_is_connected_to(url: str) -> None:
    with pytest.raises(ImageError, match="not on the public internet"):
        fetch(url)


def lookup(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have each look-up of a name give the next of `answers`; the names that were looked up."""
    names: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **options: Any) -> Any:
        if host[0].isdigit():
            return real(host, port, *rest, **options)
        names.append(host)
        found = answers[min(len(names), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return names


def test_a_name_that_leads_here_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup(monkeypatch, ["8.8.8.8", "192.168.0.1"])
    with pytest.raises(ImageError, match=r"cats\.example cannot be asked .* 192\.168\.0\.1"):
        fetch("http://cats.example/cat.png")


def test_the_address_that_was_checked_is_the_one_connected_to(
    web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that gives another address when it is looked up again gains nothing: it is not."""
    names = lookup(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    checked: list[str] = []

    def allowed(address: str) -> bool:
        checked.append(address)
        return True

    port = web.rpartition(":")[2]
    assert fetch(f"http://cats.example:{port}/cat.png", allowed=allowed)[0] == Web.picture
    assert (names, checked) == (["cats.example"], ["127.0.0.1"])
    assert Web.asked == [("/cat.png", f"cats.example:{port}")]


def test_a_redirect_is_checked_anew(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = lookup(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    port = web.rpartition(":")[2]
    with pytest.raises(ImageError, match=r"inside\.example .* 10\.0\.0\.1"):
        fetch(
            f"http://cats.example:{port}/away?http://inside.example/cat.png",
            allowed=lambda address: address == "127.0.0.1",
        )
    assert names == ["cats.example", "inside.example"]


def test_proxies_of_the_environment_are_not_used(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(f"{web}/cat.png", allowed=anywhere)[0] == Web.picture


# ---- what is fetched ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/cat.png", "cat.png"),
        ("/cat.png?size=2", "cat.png"),
        ("/a cat.png", "a cat.png"),
        ("/moved", "cat.png"),
        ("", None),
    ],
)
def test_a_picture_comes_with_the_name_its_address_gives_it(web: str, path: str, name: str | None) -> None:
    assert fetch(web + path, allowed=anywhere) == (Web.picture, name)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing", "the server answers 404; check the address"),
        ("/round", f"more than {REDIRECTS} times"),
        ("/away?file:///etc/passwd", "only addresses that begin with http"),
        ("/away?ftp://127.0.0.1/", "only addresses that begin with http"),
        ("/broken", "check the address"),
        ("/long", "more than 0 MB; make the picture smaller"),
        ("/endless", "more than 0 MB; make the picture smaller"),
    ],
)
def test_what_cannot_be_fetched_is_refused_in_words(web: str, path: str, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        fetch(web + path, allowed=anywhere, most=1000)


def test_redirects_end(web: str) -> None:
    with pytest.raises(ImageError):
        fetch(f"{web}/round", allowed=anywhere)
    assert len(Web.asked) == REDIRECTS + 1


def test_a_server_that_keeps_one_waiting_is_given_up(web: str) -> None:
    with pytest.raises(ImageError, match="takes longer than"):
        fetch(f"{web}/slow", allowed=anywhere, seconds=0.2)


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ImageError, match="check the address"):
        fetch(f"http://127.0.0.1:{port}/", allowed=anywhere)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://", "a host"),
        ("http:///etc/passwd", "a host"),
        ("https://ada:secret@cats.example/", "name or password"),
        ("http://[::1/", "no sound address"),
        ("http://cats.example:99999/", "no sound address"),
        ("http://" + "ä" * 80 + ".example/", "no sound address"),
        ("http://no-such-host.invalid/", "no host no-such-host.invalid"),
    ],
)
def test_addresses_that_are_none(url: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ImageError, match=words):
        fetch(url)


@pytest.mark.parametrize("text", ["http://a.example", "HTTPS://A.example/b.png"])
def test_addresses(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["cat.png", "httpd.png", "ftp://a.example", "file:///etc/passwd", "//a.example", ""]
)
def test_what_is_no_address(text: str) -> None:
    assert not is_url(text)


# ---- from the conversation ------------------------------------------------------------------------


def test_nothing_is_fetched_unless_it_is_allowed(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = lookup(monkeypatch, ["127.0.0.1"])
    with Chat("echo", database=":memory:") as chat:
        with pytest.raises(
            ImageError, match=r"fetching from the web is off\. .*allow_urls=True.*--allow-urls"
        ):
            chat.send("Look", images=["http://cats.example/cat.png"])
        assert chat.messages == []
    assert names == []


def test_an_address_is_a_picture_where_it_is_allowed(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "fetch", partial(fetch, allowed=anywhere))
    with Chat("echo", database=":memory:", allow_urls=True) as chat:
        assert chat.send("Look", images=[f"{web}/cat.png"]).text == "You showed #1 (32 × 32). You said: Look"
        assert chat.messages[0].images[0].name == "cat.png"


def test_this_machine_is_refused_also_where_addresses_are_allowed(web: str) -> None:
    with pytest.raises(ImageError, match="not on the public internet"):
        read_pictures([f"{web}/cat.png"], allow_urls=True)
    assert Web.asked == []
