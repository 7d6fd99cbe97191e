"""launch.py as a person runs it."""

from __future__ import annotations

import re
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

import launch
from prompts import VisavisError
from tests.helpers.program import launched, run


def test_help_says_how_to_use_it() -> None:
    answer = run("--help")
    assert answer.returncode == 0
    for option in (
        "--host",
        "--port",
        "--model",
        "--database",
        "--device",
        "--dtype",
        "--allow-urls",
        "--threads",
        "--no-open",
    ):
        assert option in answer.stdout
    assert "Ctrl-C" in answer.stdout
    assert "VISAVIS_DATA" in answer.stdout


def test_version() -> None:
    assert re.fullmatch(r"Vis-à-Vis \S.*\n", run("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "nonsense"], "builtin or echo"),
        (["--threads", "0"], "threads is 0"),
        (["--port", "70000"], "0 to 65535"),
        (["--port", "http"], "0 to 65535"),
        (["--host", "192.0.2.1"], "192.0.2.1"),
    ],
)
def test_what_cannot_be_is_one_clear_line(arguments: list[str], words: str) -> None:
    answer = run("--no-open", "--port", "0", "--model", "echo", *arguments)
    assert answer.returncode == 2
    assert words in answer.stderr.splitlines()[-1]
    assert "Traceback" not in answer.stderr


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = run("--no-open", "--model", "echo", "--port", str(port))
    assert answer.returncode == 2
    [line] = answer.stderr.splitlines()
    assert f"port {port} of 127.0.0.1 is in use" in line
    assert "--port" in line


def test_a_database_that_is_none_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear database, " * 100)
    answer = run("--no-open", "--model", "echo", "--port", "0", "--database", str(file))
    assert answer.returncode == 2
    [line] = answer.stderr.splitlines()
    assert "letter.txt" in line
    assert file.read_text() == "Dear database, " * 100


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(
    by: signal.Signals, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "new folder" / "chats.db"
    with launched("--model", "echo", "--database", str(database)) as program:
        with urllib.request.urlopen(program.url) as page:
            assert "Vis-à-Vis" in page.read().decode()
        assert program.end(by) == 0
        assert program.process.stdout is not None
        assert program.process.stdout.read() == "Vis-à-Vis has ended.\n"
    assert capfd.readouterr().err == ""
    assert database.exists()


def test_a_host_that_others_can_reach_is_warned_about(capfd: pytest.CaptureFixture[str]) -> None:
    with launched("--model", "echo", "--database", ":memory:", "--host", "0.0.0.0") as program:
        assert program.url.startswith("http://127.0.0.1:")
        assert program.end() == 0
    assert "Whoever can reach the port can read" in capfd.readouterr().err


def test_the_address_is_one_that_a_browser_takes() -> None:
    with launch.listen("127.0.0.1", 0) as listener:
        assert launch.address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
    with launch.listen("localhost", 0) as listener:
        assert re.match(r"http://(127\.0\.0\.1|\[::1\]):\d+$", launch.address(listener))


def test_an_unknown_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(VisavisError, match="check --host"):
        launch.listen("nowhere.invalid", 0)
