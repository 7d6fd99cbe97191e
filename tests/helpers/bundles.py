"""Bundles that were tampered with, by someone who knows how they are made."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def forged(content: Mapping[str, bytes], path: Path, changes: Mapping[str, bytes | None]) -> Path:
    """A bundle with members replaced or (None) removed, and a manifest that fits them."""
    changed = {**content, **changes}
    kept = {name: data for name, data in changed.items() if data is not None and name != "manifest.json"}
    manifest: dict[str, Any] = json.loads(content["manifest.json"])
    manifest["members"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in kept.items()
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


def changed_row(data: bytes, changes: Mapping[str, Any], index: int = 0) -> bytes:
    """JSON lines with some fields of one row changed, or (Ellipsis) removed."""
    rows = [json.loads(line) for line in data.splitlines()]
    rows[index] |= changes
    rows[index] = {name: value for name, value in rows[index].items() if value is not ...}
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
