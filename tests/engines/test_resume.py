"""A conversation that goes on in another process pays only for what is new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chat import Chat, Sampling
from chat.engines.builtin import BuiltinEngine
from tests.helpers.models import tiny_checkpoint

SHORT = Sampling(max_tokens=5)


def test_closing_waits_until_the_next_process_can_go_on(
    tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    database = tmp_path / "chats.db"
    chat = Chat(BuiltinEngine(tiny_checkpoint()), database=database, sampling=SHORT)
    first = chat.send("What is it?", [picture()])
    assert first.text
    chat.close()
    # Another engine holds nothing in memory: as after a restart.
    chat = Chat.resume(chat.id, model=BuiltinEngine(tiny_checkpoint()), database=database, sampling=SHORT)
    usage = chat.send("And now?").usage
    chat.close()
    assert usage.restored_tokens == first.usage.prompt_tokens + first.usage.completion_tokens + 1
    assert (usage.cached_tokens, usage.images_restored, usage.images_encoded) == (0, 1, 0)


def test_a_deleted_conversation_leaves_nothing_on_disk(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    chat = Chat(BuiltinEngine(tiny_checkpoint()), database=tmp_path / "chats.db", sampling=SHORT)
    assert chat.send("What is it?", [picture()]).text
    chat._manager.close()
    assert list(tmp_path.rglob("*.part"))
    chat._manager.store.delete_conversation(chat.id)
    assert not list(tmp_path.rglob("*.part"))
    chat.close()


def test_what_was_left_out_is_counted_and_paid_for_once(tmp_path: Path) -> None:
    chat = Chat(BuiltinEngine(tiny_checkpoint()), database=tmp_path / "chats.db", sampling=SHORT)
    for turn in range(100):
        reply = chat.send(f"{turn} " + "word " * 12)
        if reply.dropped:
            break
        assert reply.usage.dropped_tokens == 0
    after = chat.send("And?").usage
    chat.close()
    assert reply.usage.dropped_tokens > 0
    assert reply.usage.prefilled_tokens == reply.usage.prompt_tokens
    assert after.cached_tokens > reply.usage.prompt_tokens
