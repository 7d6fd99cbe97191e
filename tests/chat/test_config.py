"""Where data lives, and settings that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.config import Settings, data_dir, default_database
from chat.errors import ConfigError


def test_the_environment_names_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "elsewhere"))
    assert data_dir() == tmp_path / "elsewhere"
    assert default_database() == tmp_path / "elsewhere" / "visavis.db"
    assert Settings().database == default_database()


def test_asking_for_the_folder_does_not_create_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "elsewhere"))
    assert not data_dir().exists()


def test_a_relative_or_home_folder_is_resolved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VISAVIS_DATA", "here")
    assert data_dir() == tmp_path / "here"
    monkeypatch.setenv("VISAVIS_DATA", "~/there")
    assert data_dir() == tmp_path / "home" / "there"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_it_the_platform_says_where(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv("VISAVIS_DATA")
    else:
        monkeypatch.setenv("VISAVIS_DATA", value)
    assert data_dir().is_absolute()
    assert data_dir().name == "visavis"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"device": "gpu"}, "no device 'gpu'; choose one of auto, cpu, cuda"),
        ({"dtype": "int2"}, "no dtype 'int2'; choose one of auto, float32, bfloat16, int8, int4"),
        ({"threads": 0}, "threads is 0: give a number of CPU threads from 1 up"),
        ({"model": ""}, "name is empty"),
    ],
)
def test_a_setting_that_cannot_be_is_named(setting: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Settings(**setting)  # type: ignore[arg-type]
