"""The data export of ChatGPT: conversations.json, whose `mapping` is a tree of nodes, and files beside it.

Not documented by its maker; this reads the fields that exports of 2023 to 2026 have in common:
`title`, `create_time`, `update_time`, `current_node`, `mapping[…].{parent, message}`, and of a message
`author.role`, `recipient`, `weight`, `create_time`, `content.{content_type, parts}` and
`metadata.{model_slug, is_visually_hidden_from_conversation, attachments}`. Pictures are pointers,
"file-service://file-…" or "sediment://file_…", to files whose names begin with that id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from memory.decoding import DEFAULT_LIMITS
from memory.transfer import jsonio
from memory.transfer.archive import Files, read
from memory.transfer.fields import each, inner, mapping, optional_text, required
from memory.transfer.foreign import Foreign, Node, Picture, time_of
from prompts import Role

SOURCE = "chatgpt"

_WORDS = ("text", "multimodal_text")
_ASSET = re.compile(r"file[-_][A-Za-z0-9]+")


def conversations(files: Files, documents: Sequence[str]) -> Iterator[Foreign]:
    """The conversations in these files, one at a time. Raises StoreError for what is none."""
    assets = {found[0]: name for name in files.names() if (found := _ASSET.match(name.rpartition("/")[2]))}
    for document in documents:
        with files.open(document) as stream:
            for number, value in enumerate(jsonio.items(stream, f"{document!r} in {files.path}"), start=1):
                yield _conversation(value, f"Conversation {number} of {document!r}", _Assets(files, assets))


class _Assets:
    """The files of the export that messages point to, by their ids."""

    def __init__(self, files: Files, names: dict[str, str]) -> None:
        self._files = files
        self._names = names

    def picture(self, pointer: str, names: dict[str, str]) -> Picture:
        """What a pointer points to; `names` are those that the person's files had, by id."""
        identity = pointer.rpartition("://")[2]
        if found := _ASSET.match(identity):
            identity = found[0]
        name = self._names.get(identity)
        shown = names.get(identity) or (name or identity).rpartition("/")[2]
        return Picture(shown, partial(read, self._files, name, DEFAULT_LIMITS.file_bytes) if name else None)


def _conversation(value: object, where: str, assets: _Assets) -> Foreign:
    fields = mapping(value, where)
    tree = mapping(required(fields, "mapping", where), f"The mapping of {where}")
    model = optional_text(fields, "default_model_slug")
    return Foreign(
        source=SOURCE,
        key=optional_text(fields, "conversation_id") or optional_text(fields, "id") or min(tree, default=""),
        title=optional_text(fields, "title") or "",
        nodes=[_node(key, mapping(node, where), model, assets) for key, node in tree.items()],
        tip=optional_text(fields, "current_node"),
        created_at=time_of(fields.get("create_time")),
        updated_at=time_of(fields.get("update_time")),
    )


def _node(key: str, node: dict[str, Any], model: str | None, assets: _Assets) -> Node:
    parent = optional_text(node, "parent")
    message = node.get("message")
    if not isinstance(message, dict) or _is_hidden(message):
        return Node(key, parent)
    role = _role(message)
    parts = _parts(message, assets, only_pictures=role is None)
    return Node(
        key,
        parent,
        # Pictures that a tool made belong to the reply.
        role or ("assistant" if parts else None),
        parts,
        time_of(message.get("create_time")),
        optional_text(inner(message, "metadata"), "model_slug") or model,
    )


def _is_hidden(message: dict[str, Any]) -> bool:
    return (
        message.get("recipient", "all") != "all"
        or message.get("weight") == 0
        or inner(message, "metadata").get("is_visually_hidden_from_conversation") is True
        or inner(message, "content").get("content_type") not in _WORDS
    )


def _role(message: dict[str, Any]) -> Role | None:
    match inner(message, "author").get("role"):
        case "user":
            return "user"
        case "assistant":
            return "assistant"
        case "system":
            return "system"
    return None


def _parts(message: dict[str, Any], assets: _Assets, *, only_pictures: bool) -> tuple[str | Picture, ...]:
    names = {
        str(attachment.get("id")): str(attachment["name"])
        for attachment in each(inner(message, "metadata"), "attachments")
        if attachment.get("name")
    }
    found: list[str | Picture] = []
    parts = inner(message, "content").get("parts")
    for part in parts if isinstance(parts, list) else []:
        match part:
            case {"asset_pointer": str(pointer), "content_type": "image_asset_pointer"}:
                found.append(assets.picture(pointer, names))
            case str(words) | {"text": str(words)} if words.strip() and not only_pictures:
                found.append(words)
    return tuple(found)
