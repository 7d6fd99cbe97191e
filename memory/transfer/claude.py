"""The data export of Claude: conversations.json, with `chat_messages` in each conversation.

Not documented by its maker; this reads `uuid`, `name`, `created_at`, `updated_at`,
`current_leaf_message_uuid` and `chat_messages`, of which each has `uuid`, `sender`, `created_at`, `text` or
blocks in `content`, and where there are any `parent_message_uuid`, `attachments` (with the text in them as
`extracted_content`) and `files`. Without parents, each message answers the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from memory.decoding import DEFAULT_LIMITS, MEDIA_TYPES
from memory.transfer import jsonio
from memory.transfer.archive import Files, read
from memory.transfer.fields import each, mapping, optional_text, required, sequence
from memory.transfer.foreign import Foreign, Node, Picture, time_of
from prompts import Role

SOURCE = "claude"

_ROLES: dict[str, Role] = {"human": "user", "assistant": "assistant"}
_PICTURES = (
    ".jpg",
    ".heic",
    *(f".{media_type.removeprefix('image/')}" for media_type in MEDIA_TYPES.values()),
)


def conversations(files: Files, documents: Sequence[str]) -> Iterator[Foreign]:
    """The conversations in these files, one at a time. Raises StoreError for what is none."""
    beside = {name.rpartition("/")[2]: name for name in files.names()}
    for document in documents:
        with files.open(document) as stream:
            for number, value in enumerate(jsonio.items(stream, f"{document!r} in {files.path}"), start=1):
                yield _conversation(value, f"Conversation {number} of {document!r}", files, beside)


def _conversation(value: object, where: str, files: Files, beside: dict[str, str]) -> Foreign:
    fields = mapping(value, where)
    messages = sequence(required(fields, "chat_messages", where), f"'chat_messages' of {where}")
    nodes: list[Node] = []
    for number, message in enumerate(messages):
        nodes.append(_node(number, mapping(message, f"A message of {where}"), files, beside))
    if not any(node.parent for node in nodes):
        before = [None, *(node.key for node in nodes)]
        nodes = [
            Node(node.key, parent, node.role, node.parts, node.created_at)
            for node, parent in zip(nodes, before, strict=False)
        ]
    return Foreign(
        source=SOURCE,
        key=optional_text(fields, "uuid") or (nodes[0].key if nodes else ""),
        title=optional_text(fields, "name") or "",
        nodes=nodes,
        tip=optional_text(fields, "current_leaf_message_uuid") or (nodes[-1].key if nodes else None),
        created_at=time_of(fields.get("created_at")),
        updated_at=time_of(fields.get("updated_at")),
    )


def _node(number: int, message: dict[str, Any], files: Files, beside: dict[str, str]) -> Node:
    blocks = [
        text
        for block in each(message, "content")
        if block.get("type") == "text" and (text := optional_text(block, "text"))
    ]
    words = blocks or [optional_text(message, "text") or ""]
    # Long texts that were pasted are attachments, and were read by the model like typed ones.
    words += [
        optional_text(attachment, "extracted_content") or "" for attachment in each(message, "attachments")
    ]
    names = [
        optional_text(file, "file_name") or optional_text(file, "file_uuid") or ""
        for file in (*each(message, "files"), *each(message, "attachments"))
        if not optional_text(file, "extracted_content")
    ]
    pictures = [
        Picture(
            name, partial(read, files, beside[name], DEFAULT_LIMITS.file_bytes) if name in beside else None
        )
        for name in dict.fromkeys(names)
        if name.lower().endswith(_PICTURES)
    ]
    return Node(
        key=optional_text(message, "uuid") or f"message {number}",
        parent=optional_text(message, "parent_message_uuid"),
        role=_ROLES.get(optional_text(message, "sender") or ""),
        parts=(*pictures, *(text for text in words if text.strip())),
        created_at=time_of(message.get("created_at")),
    )
