"""What every test gets: a data folder of its own, and no way out to the network."""

from __future__ import annotations

import io
import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from chat import DialogueManager
from chat.engines import EchoEngine
from memory import Store
from tests.helpers.gate import Gate

# No deadlines: how fast a machine is, is no property of the code. CI tries the same examples each time.
settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("any machine")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point `VISAVIS_DATA` at an empty folder, so that no test can reach the developer's own chats."""
    folder = tmp_path / "visavis-data"
    monkeypatch.setenv("VISAVIS_DATA", str(folder))
    return folder


def _is_local(address: object) -> bool:
    """Whether a socket address stays on this machine; names resolve before they get here, bar localhost."""
    if not isinstance(address, tuple):
        return True  # a Unix socket's path
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def offline() -> Iterator[None]:
    """Refuse every connection that would leave this machine: the program works without a network."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(address: object) -> None:
        if not _is_local(address):
            raise AssertionError(f"A test tried to reach {address!r}; nothing may leave this machine.")

    def guarded_connect(self: socket.socket, address: tuple[str, int]) -> None:
        check(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: tuple[str, int]) -> int:
        check(address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """A maker of plain PNG files: `picture("blue", (64, 48))` gives the bytes."""

    def make(colour: str = "red", size: tuple[int, int] = (32, 32)) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", size, colour).save(buffer, "PNG")
        return buffer.getvalue()

    return make


@pytest.fixture
def gate() -> Gate:
    """Lets the words of `manager`'s echo engine through, one at a time or all."""
    return Gate()


@pytest.fixture
def manager(gate: Gate) -> Iterator[DialogueManager]:
    """Over an empty store and an echo engine behind `gate`."""
    with Store.open(":memory:") as store:
        manager = DialogueManager(store, EchoEngine(gate=gate))
        yield manager
        gate.open()
        manager.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium. Without one a test is skipped, but under CI it fails."""
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    complaint = f"No Chromium found on PATH (looked for {', '.join(CHROMIUM_NAMES)}); install it to run this."
    if os.environ.get("CI"):
        pytest.fail(complaint)
    pytest.skip(complaint)
