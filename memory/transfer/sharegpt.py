"""ShareGPT, the form that recipes for fine-tuning read: a folder or a zip archive.

    conversations.json   [{"id": …, "conversations": [{"from": "human", "value": "<image>\\nWhat is this?"},
                                                      {"from": "gpt", "value": "A red circle."}],
                           "images": ["pictures/ab12….png"]}]
    pictures/            the pictures, without camera data

Each `<image>` stands for the next of `images`, as LLaVA and LLaMA-Factory read it; one that a person typed
becomes `<image >`, so that the two are never confused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from memory.store import Store
from memory.transfer.pictures import Album
from memory.transfer.progress import Progress, counted, silent
from memory.transfer.targets import chosen, new_files
from prompts import Message, Text

_SPEAKERS = {"system": "system", "user": "human", "assistant": "gpt"}
_PICTURE = "<image>"


def export_sharegpt(
    store: Store, target: Path, conversation_ids: Sequence[str] | None = None, *, progress: Progress = silent
) -> int:
    """Write conversations into a new folder or, if its name ends so, .zip archive; how many they are.

    Raises UnknownConversation, ImageError for a picture that cannot be read, and StoreError if there is
    such a folder or file already or it cannot be written.
    """
    ids = chosen(store, conversation_ids)
    with new_files(target) as files:
        album = Album(store, files)
        written: list[str] = []
        for conversation_id in counted(ids, "conversations", progress, len(ids)):
            images: list[str] = []
            turns = [
                {"from": _SPEAKERS[message.role], "value": _value(message, album, images)}
                for message in store.messages(conversation_id)
            ]
            entry: dict[str, object] = {"id": conversation_id, "conversations": turns}
            written.append(json.dumps(entry | ({"images": images} if images else {}), ensure_ascii=False))
        files.write("conversations.json", ("[" + ",\n".join(written) + "]\n").encode())
    return len(ids)


def _value(message: Message, album: Album, images: list[str]) -> str:
    """A message's words; its pictures are added to `images`."""
    pieces = []
    for part in message.parts:
        if isinstance(part, Text):
            pieces.append(part.text.replace(_PICTURE, "<image >"))
        else:
            pieces.append(f"{_PICTURE}\n")
            images.append(album.place(part.sha256))
    return "".join(pieces)
