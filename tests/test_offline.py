"""The guards of conftest.py hold: they would be worth nothing if they let things through."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


def test_a_connection_out_is_refused() -> None:
    with socket.socket() as out, pytest.raises(AssertionError, match="nothing may leave"):
        out.connect(("192.0.2.1", 80))
    with socket.socket() as out, pytest.raises(AssertionError, match="nothing may leave"):
        out.connect_ex(("192.0.2.1", 80))


def test_a_connection_within_the_machine_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())


def test_the_data_folder_is_the_tests_own(tmp_path: Path, own_data_folder: Path) -> None:
    assert Path(os.environ["VISAVIS_DATA"]) == own_data_folder
    assert own_data_folder.is_relative_to(tmp_path)
