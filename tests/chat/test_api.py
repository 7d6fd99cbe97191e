"""The Python API, in the shape the README shows."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import PIL.Image
import pytest

import chat
from chat import Chat, Delta, Reply, Sampling, Timings, Usage
from chat.config import default_database
from chat.engines import EchoEngine, Finish, Limits, Request, close_all, load
from chat.errors import (
    ConfigError,
    EngineError,
    ImageError,
    MessageError,
    PromptError,
    StoreError,
    UnknownConversation,
)
from prompts import assistant, user
from tests.helpers.gate import PATIENCE, Gate

ROOT = Path(__file__).resolve().parents[2]

Pictures = Callable[..., bytes]


def talk() -> Chat:
    """A chat that leaves nothing behind."""
    return Chat(model="echo", database=":memory:")


def test_a_conversation(tmp_path: Path, picture: Pictures) -> None:
    (tmp_path / "scene.png").write_bytes(picture(size=(64, 48)))
    database = tmp_path / "chat.db"
    with Chat(model=EchoEngine(), database=database) as first:
        reply = first.send("What is in this picture?", images=[tmp_path / "scene.png"])
        assert isinstance(reply, Reply)
        assert all(delta.text for delta in reply)
        assert "".join(delta.text for delta in reply) == reply.text
        assert reply.text == "You showed #1 (64 × 48). You said: What is in this picture?"
        assert reply.usage == Usage(prompt_tokens=10, cached_tokens=0, completion_tokens=13, images_encoded=1)
        assert isinstance(reply.timings, Timings)
        assert 0 < reply.timings.first_token_s <= reply.timings.total_s
        first.send("And what colour is it?").wait()
        said = first.messages
        assert [message.role for message in said] == ["user", "assistant"] * 2
        assert said[0].images[0].name == "scene.png"
        assert (said[0].images[0].width, said[0].images[0].height) == (64, 48)

    with Chat.resume(first.id, model=EchoEngine(), database=database) as again:
        assert again.id == first.id
        assert again.messages == said
        assert again.send("how many pictures?").text.endswith("You have shown me 1 picture.")
    (conversation,) = Chat.list(database=database)
    assert (conversation.id, conversation.title) == (first.id, "What is in this picture?")


def test_without_a_database_it_is_the_persons_own() -> None:
    with Chat(model="echo") as first:
        first.send("hello").wait()
    assert default_database().is_file()
    assert [conversation.id for conversation in Chat.list()] == [first.id]
    with Chat.resume(first.id, model="echo") as again:
        assert again.messages == [user("hello"), assistant("You said: hello")]


def test_a_database_in_memory_is_each_chats_own_and_leaves_nothing(own_data_folder: Path) -> None:
    with talk() as one, talk() as other:
        one.send("hello").wait()
        assert len(one.messages) == 2
        assert other.messages == []
    assert not own_data_folder.exists()


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with Chat(model="echo", database="~/chat.db"):
        assert (tmp_path / "chat.db").is_file()


def test_title_and_persona_are_kept(tmp_path: Path) -> None:
    with Chat(model="echo", database=tmp_path / "a.db", title="Mine", persona="guide"):
        (conversation,) = Chat.list(tmp_path / "a.db")
    assert (conversation.title, conversation.persona) == ("Mine", "guide")


def test_chats_share_a_model_that_is_named(tmp_path: Path, picture: Pictures) -> None:
    close_all()
    with talk() as one, talk() as other:
        assert one.send("a", [picture("purple", (31, 7))]).usage.images_encoded == 1
        assert other.send("b", [picture("purple", (31, 7))]).usage.images_encoded == 0
        assert repr(other) == f"<Chat {other.id} with echo>"
    with talk() as third:
        assert third.send("still open?").text == "You said: still open?"
    assert load("echo") is load("echo")


def test_sampling_is_passed_on() -> None:
    with Chat(model="echo", database=":memory:", sampling=Sampling(max_tokens=3)) as chat:
        reply = chat.send("a b c")
        assert (reply.text, reply.finish_reason) == ("You said: a", "length")


def test_pictures_come_as_paths_bytes_pil_images_and_stored_ones(tmp_path: Path, picture: Pictures) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(size=(10, 20)))
    with talk() as chat:
        reply = chat.send(
            "",
            [str(path), path, picture(size=(11, 21)), PIL.Image.new("RGB", (12, 22), "teal")],
        )
        assert reply.text == "You showed #1 (10 × 20) and #2 (10 × 20) and #3 (11 × 21) and #4 (12 × 22)."
        stored = chat.messages[0].images
        assert [image.name for image in stored] == ["a.png", "a.png", None, None]
        assert chat.send("", stored[:1]).text == "You showed #5 (10 × 20)."


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I;16", "F"]
)
def test_pil_images_of_every_mode_are_taken(mode: str) -> None:
    with talk() as chat:
        assert chat.send("", [PIL.Image.new(mode, (9, 5))]).text == "You showed #1 (9 × 5)."


def test_a_pil_image_stands_upright() -> None:
    buffer = io.BytesIO()
    sideways = PIL.Image.new("RGB", (40, 20), (200, 30, 30))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter
    sideways.save(buffer, "JPEG", exif=exif)
    with talk() as chat, PIL.Image.open(buffer) as opened:
        assert chat.send("", [opened]).text == "You showed #1 (20 × 40)."


def test_sending_again_waits_for_the_reply_before(gate: Gate) -> None:
    with Chat(model=EchoEngine(gate=gate), database=":memory:") as chat:
        first = chat.send("one")
        gate.wait_for(1)
        assert not first.done
        gate.open()
        second = chat.send("two")
        assert first.wait(timeout=0)
        assert second.text == "You said: two"
        assert [message.text for message in chat.messages] == ["one", "You said: one", "two", "You said: two"]


def test_closing_stops_a_reply_and_keeps_what_it_said(tmp_path: Path) -> None:
    class Patient(EchoEngine):
        """Says one word, and waits to be stopped."""

        def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
            yield Delta("Well")
            assert cancelled.wait(PATIENCE)
            yield Delta("", Finish("cancelled"))

    with Chat(model=Patient(), database=tmp_path / "a.db") as chat:
        reply = chat.send("a")
        assert next(iter(reply)).text == "Well"
    assert (reply.text, reply.finish_reason) == ("Well", "cancelled")
    with Chat.resume(chat.id, model="echo", database=tmp_path / "a.db") as again:
        assert again.messages == [user("a"), assistant("Well")]
    with pytest.raises(EngineError, match="closed"):
        chat.send("more")
    chat.close()


def test_refused_messages_leave_the_chat_as_it_was(picture: Pictures) -> None:
    with talk() as chat:
        with pytest.raises(MessageError, match="empty"):
            chat.send("")
        with pytest.raises(ImageError, match="no-such-file"):
            chat.send("look", ["no-such-file.png"])
        with pytest.raises(ImageError, match="have to be a list"):
            chat.send("look", "scene.png")
        with pytest.raises(ImageError, match="have to be a list"):
            chat.send("look", picture())  # type: ignore[arg-type]
        assert chat.messages == []
        assert chat.send("hello").text == "You said: hello"


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    no_database = tmp_path / "notes.txt"
    no_database.write_text("this is no database " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt"):
        Chat(model="echo", database=no_database)
    assert no_database.read_text().startswith("this is no database")
    with pytest.raises(ConfigError, match="no model 'ecco'"):
        Chat(model="ecco", database=":memory:")
    with pytest.raises(PromptError, match="no persona 'pirate'"):
        Chat(model="echo", database=":memory:", persona="pirate")
    with pytest.raises(ConfigError, match="max_tokens"):
        Chat(model=EchoEngine(limits=Limits(50, 1)), database=":memory:")
    with pytest.raises(UnknownConversation):
        Chat.resume("nowhere", model="no such model", database=tmp_path / "a.db")


def test_a_chat_that_cannot_begin_leaves_no_conversation(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Chat(model="ecco", database=tmp_path / "a.db")
    assert Chat.list(tmp_path / "a.db") == []


def test_a_script_that_ends_early_still_keeps_the_reply(tmp_path: Path) -> None:
    script = "from chat import Chat; import sys; Chat('echo', database=sys.argv[1]).send('hello')"
    subprocess.run([sys.executable, "-W", "error", "-c", script, tmp_path / "a.db"], cwd=ROOT, check=True)
    (conversation,) = Chat.list(tmp_path / "a.db")
    with Chat.resume(conversation.id, model="echo", database=tmp_path / "a.db") as chat:
        assert chat.messages == [user("hello"), assistant("You said: hello")]


def test_importing_loads_no_torch() -> None:
    script = "import chat, sys; chat.Chat('echo', database=':memory:').send('a').wait(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    modules = set(run.stdout.split())
    assert {"chat", "chat.engines.echo"} <= modules
    assert not modules & {"torch", "gradio", "transformers", "chat.engines.builtin"}


def test_every_error_is_exported() -> None:
    from chat import errors

    assert set(errors.__all__) <= set(chat.__all__)
