"""Exports of other programs, in the shapes that those programs write."""

from __future__ import annotations

import json
import random
from typing import Any


def chatgpt_message(role: str, *parts: object, **fields: Any) -> dict[str, Any]:
    """A message as ChatGPT writes it."""
    return {
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": None,
        "content": {"content_type": "multimodal_text", "parts": list(parts)},
        "recipient": "all",
        "weight": 1.0,
        "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
        **fields,
    }


def chatgpt_conversation() -> dict[str, Any]:
    """A question with a picture, a reply in two pieces with a search between, and two tries at the next."""
    pointer = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-RED1"}
    names = {"attachments": [{"id": "file-RED1", "name": "sea.png", "mime_type": "image/png"}]}
    hidden = {"content_type": "thoughts", "thoughts": []}
    messages: list[tuple[str, str | None, dict[str, Any] | None]] = [
        ("root", None, None),
        ("system", "root", chatgpt_message("system", "You are helpful.")),
        ("q1", "system", chatgpt_message("user", pointer, "What is this?", metadata=names)),
        ("think", "q1", chatgpt_message("assistant", content=hidden)),
        ("search", "think", chatgpt_message("assistant", "query", recipient="browser")),
        ("a1", "search", chatgpt_message("assistant", "A boat.")),
        ("a1b", "a1", chatgpt_message("assistant", "It is red.")),
        ("q2", "a1b", chatgpt_message("user", "Sure?")),
        ("a2", "q2", chatgpt_message("assistant", "Yes.")),
        ("a2b", "q2", chatgpt_message("assistant", "Yes, quite.", metadata={"model_slug": "o1"})),
    ]
    for number, (_, _, message) in enumerate(messages):
        if message is not None:
            message["create_time"] = 1709668800 + number
    return {
        "title": "Boats",
        "create_time": 1709668800,
        "update_time": 1709668900,
        "conversation_id": "6b1c",
        "current_node": "a2b",
        "mapping": {
            key: {"id": key, "parent": parent, "children": [], "message": message}
            for key, parent, message in messages
        },
    }


def claude_conversation() -> dict[str, Any]:
    """Two turns: a pasted text, and a picture."""
    pasted = {"file_name": "", "file_type": "txt", "extracted_content": "the pasted text"}
    messages: list[tuple[str, str, list[Any], list[Any]]] = [
        ("human", "Read this", [pasted], []),
        ("assistant", "Done.", [], []),
        ("human", "And this?", [], [{"file_name": "map.png"}]),
        ("assistant", "A map.", [], []),
    ]
    return {
        "uuid": "c1",
        "name": "Plans",
        "created_at": "2025-05-01T10:00:00.000000Z",
        "updated_at": "2025-05-01T10:03:00.000000Z",
        "account": {"uuid": "u"},
        "chat_messages": [
            {
                "uuid": f"m{number}",
                "sender": sender,
                "text": "",
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": words}],
                "attachments": attachments,
                "files": files,
                "created_at": f"2025-05-01T10:0{number}:00.000000Z",
            }
            for number, (sender, words, attachments, files) in enumerate(messages)
        ],
    }


def mutated(value: Any, chance: random.Random) -> Any:
    """A copy of a JSON value with one thing in it replaced, removed, doubled or renamed."""
    copy = json.loads(json.dumps(value))
    places: list[tuple[Any, Any]] = []
    waiting = [copy]
    while waiting:
        container = waiting.pop()
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        places += [(container, key) for key in keys]
        waiting += [container[key] for key in keys if isinstance(container[key], dict | list)]
    container, key = chance.choice(places)
    match chance.randrange(4):
        case 0:
            del container[key]
        case 1 if isinstance(container, list):
            container.append(container[key])
        case 1:
            container[f"{key}x"] = container.pop(key)
        case _:
            odd: list[Any] = [
                None,
                True,
                -1,
                2**80,
                1e300,
                "",
                "\ud800",
                "../x",
                "x" * 5000,
                [],
                {},
                [[]],
                {"text": 1},
            ]
            container[key] = chance.choice(odd)
    return copy
