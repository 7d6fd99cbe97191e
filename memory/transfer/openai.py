"""Messages in the form of OpenAI's chat completions, out and in.

    [{"id": …, "title": …, "created_at": …, "messages": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,…"}},
                                     {"type": "text", "text": "What is this?"}]},
        {"role": "assistant", "content": "A red circle."}]}]

Out goes the branch at which a conversation stands, its pictures without camera data. In come such a list,
one such object, a bare list of messages, or one object a line, as training data has them. Pictures at
web addresses are not fetched. Source: the OpenAI API reference, "Create chat completion".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from memory.errors import ImageError
from memory.store import Store
from memory.transfer import jsonio
from memory.transfer.archive import Files
from memory.transfer.fields import mapping, optional_text, required, sequence
from memory.transfer.foreign import Foreign, Node, Picture, time_of
from memory.transfer.pictures import data_url
from memory.transfer.progress import Progress, counted, silent
from memory.transfer.targets import chosen, explained, new_file
from prompts import Message, Part, Role, Text

SOURCE = "openai"

_ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}


def export_openai(
    store: Store, target: Path, conversation_ids: Sequence[str] | None = None, *, progress: Progress = silent
) -> int:
    """Write conversations into a new JSON file, message by message; how many they are.

    Raises UnknownConversation, ImageError for a picture that cannot be read, and StoreError if the file
    exists or cannot be written.
    """
    ids = chosen(store, conversation_ids)
    with new_file(target) as stream, explained(target):
        before = b"["
        for conversation_id in counted(ids, "conversations", progress, len(ids)):
            stream.write(before)
            for piece in _pieces(store, conversation_id):
                stream.write(piece.encode())
            before = b",\n"
        stream.write(b"]\n" if ids else b"[]\n")
    return len(ids)


def conversations(files: Files, documents: Sequence[str]) -> Iterator[Foreign]:
    """The conversations in these files, one at a time. Raises StoreError for what is none."""
    for document in documents:
        where = f"{document!r} in {files.path}"
        with files.open(document) as stream:
            values = jsonio.items(stream, where)
            for number, value in enumerate(values, start=1):
                if isinstance(value, dict) and "role" in value:
                    # A bare list of messages is one conversation.
                    yield _conversation({"messages": [value, *values]}, where)
                else:
                    yield _conversation(mapping(value, where), f"Conversation {number} of {where}")


def _pieces(store: Store, conversation_id: str) -> Iterator[str]:
    """The JSON of a conversation: its head, its messages one by one, its end."""
    conversation = store.conversation(conversation_id)
    head = {"id": conversation.id, "title": conversation.title, "created_at": conversation.created_at}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "messages": ['
    for number, message in enumerate(store.messages(conversation_id)):
        yield ("," if number else "") + "\n" + json.dumps(_message(store, message), ensure_ascii=False)
    yield "]}"


def _message(store: Store, message: Message) -> dict[str, object]:
    if not message.images:
        return {"role": message.role, "content": message.text}
    return {"role": message.role, "content": [_content(store, part) for part in message.parts]}


def _content(store: Store, part: Part) -> dict[str, object]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": data_url(store, part.sha256)}}


def _conversation(fields: dict[str, Any], where: str) -> Foreign:
    messages = sequence(required(fields, "messages", where), f"'messages' of {where}")
    nodes: list[Node] = []
    for number, value in enumerate(messages):
        message = mapping(value, f"Message {number + 1} of {where}")
        role = _ROLES.get(str(required(message, "role", f"Message {number + 1} of {where}")))
        parent = str(number - 1) if number else None
        nodes.append(Node(str(number), parent, role, tuple(_parts(message.get("content")))))
    canonical = json.dumps(messages, ensure_ascii=True, sort_keys=True)
    return Foreign(
        source=SOURCE,
        key=optional_text(fields, "id") or hashlib.sha256(canonical.encode()).hexdigest(),
        title=optional_text(fields, "title") or "",
        nodes=nodes,
        tip=nodes[-1].key if nodes else None,
        created_at=time_of(fields.get("created_at")),
    )


def _parts(content: object) -> Iterator[str | Picture]:
    for part in content if isinstance(content, list) else [content]:
        match part:
            case str(words) | {"text": str(words)} | {"refusal": str(words)} if words.strip():
                yield words
            case {"image_url": {"url": str(url)} | str(url)}:
                yield _picture(url)


def _picture(url: str) -> Picture:
    head, comma, data = url.partition(",")
    if comma and head.startswith("data:") and head.endswith(";base64"):
        return Picture("picture", partial(_decoded, data))
    return Picture(url[:200], None)


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError(f"The picture is not written in base64 ({error}).") from error
