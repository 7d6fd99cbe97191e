"""Markdown: a folder or a zip archive with one file for each conversation, and the pictures beside them.

The branch at which a conversation stands. Words are written as they were said, so what was Markdown is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from memory.records import Conversation, Entry
from memory.store import Store
from memory.transfer.pictures import Album
from memory.transfer.progress import Progress, counted, silent
from memory.transfer.targets import chosen, new_files
from prompts import Image, Text

SPEAKERS = {"system": "System", "user": "You", "assistant": "Reply"}

_NAME_CHARACTERS = 60
_UNPRINTABLE = re.compile(r"[\W_]+")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def export_markdown(
    store: Store, target: Path, conversation_ids: Sequence[str] | None = None, *, progress: Progress = silent
) -> int:
    """Write conversations into a new folder or, if its name ends so, .zip archive; how many they are.

    Raises UnknownConversation, ImageError for a picture that cannot be read, and StoreError if there is
    such a folder or file already or it cannot be written.
    """
    ids = chosen(store, conversation_ids)
    with new_files(target) as files:
        album = Album(store, files)
        for conversation_id in counted(ids, "conversations", progress, len(ids)):
            conversation = store.conversation(conversation_id)
            text = "\n\n".join(_document(conversation, store.history(conversation_id), album))
            files.write(_file_name(conversation), f"{text}\n".encode())
    return len(ids)


def heading(conversation: Conversation) -> str:
    """A conversation's title, or what stands for it."""
    return " ".join(conversation.title.split()) or "Untitled"


def speaker(entry: Entry) -> str:
    """Who said it and, of a reply, by which engine."""
    engine = entry.turn.engine if entry.turn and entry.message.role == "assistant" else ""
    return ", ".join(filter(None, [SPEAKERS[entry.message.role], engine]))


def label(number: int, image: Image) -> str:
    """What a picture is called: its number in the conversation, and its file's name."""
    return f"#{number} {image.name or 'picture'}"


def _document(conversation: Conversation, entries: Sequence[Entry], album: Album) -> Iterator[str]:
    yield f"# {_escaped(heading(conversation))}"
    yield f"{conversation.created_at[:10]}, conversation {conversation.id}"
    number = 0
    for entry in entries:
        yield f"## {_escaped(speaker(entry))}"
        for part in entry.message.parts:
            if isinstance(part, Text):
                yield part.text
            else:
                number += 1
                yield f"![{_escaped(label(number, part))}]({album.place(part.sha256)})"


def _file_name(conversation: Conversation) -> str:
    """A name that sorts by time, reads well, is safe everywhere and no other conversation has."""
    plain = unicodedata.normalize("NFKC", heading(conversation)).lower()
    words = _UNPRINTABLE.sub("-", plain).strip("-")[:_NAME_CHARACTERS].strip("-")
    return f"{conversation.created_at[:10]} {words} {conversation.id[:8]}.md"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
