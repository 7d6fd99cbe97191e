"""Pictures as they leave with an export that others may see: without place, time and camera."""

from __future__ import annotations

import base64

from memory.sharing import media_type_of
from memory.store import Store
from memory.transfer.targets import NewFiles


def data_url(store: Store, sha256: str) -> str:
    """A picture as a data URL: PNG, JPEG, GIF or WebP. Raises ImageError if it cannot be read."""
    data = store.images.shareable(sha256)
    return f"data:{media_type_of(data)};base64,{base64.b64encode(data).decode('ascii')}"


class Album:
    """The pictures of an export to files: each is written once, into the folder `pictures`."""

    def __init__(self, store: Store, files: NewFiles) -> None:
        self._store = store
        self._files = files
        self._places: dict[str, str] = {}

    def place(self, sha256: str) -> str:
        """The name of a picture's file within the export. Raises ImageError if it cannot be read."""
        if sha256 not in self._places:
            data = self._store.images.shareable(sha256)
            suffix = media_type_of(data).removeprefix("image/")
            self._places[sha256] = f"pictures/{sha256}.{suffix}"
            self._files.write(self._places[sha256], data)
        return self._places[sha256]
