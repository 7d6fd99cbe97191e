"""Where data lives when nobody says where. Nothing is created here; opening a store creates it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

DATA_VARIABLE = "VISAVIS_DATA"
"""The environment variable that names another data folder."""


def data_dir() -> Path:
    """The folder of databases and pictures: `VISAVIS_DATA`, or the platform's place for a user's data."""
    chosen = os.environ.get(DATA_VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_data_path("visavis", appauthor=False)


def default_database() -> Path:
    """The database used when none is named."""
    return data_dir() / "visavis.db"
