"""The page: its parts, and which event calls which handler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.chatbot import ExampleMessage
from gradio.events import Dependency

from chat.conversation import DialogueManager
from chat.pictures import DOCUMENT_ENDINGS
from ui import facts, panel
from ui.handlers import NEW, NOTHING_ACCEPTED, Handlers, Screen
from ui.shelf import IMPORT, Shelf

SCRIPT = "".join(
    (Path(__file__).parent / name).read_text(encoding="utf-8")
    for name in ("listing.js", "sidebar.js", "pins.js", "acts.js", "gallery.js")
)

WELCOME = """<div class="welcome">
<h1>What shall we look at?</h1>
<p>Add a picture, now or later in the talk, and ask about it: how many things there are, their colours, shapes
and sizes, where they are, what is written. Pictures can also be pasted or dropped into the message box.</p>
</div>"""

EXAMPLES: list[ExampleMessage] = [
    {"text": "Hello! What can you do?"},
    {"text": "What is in this picture?"},
    {"text": "What colour is the circle, and where is it?"},
]

ADDRESSED = "() => new URLSearchParams(location.search).get('c') ?? ''"
"""The conversation that the page's address names."""

SETTLE = """(id) => {
  const address = id ? "/?c=" + encodeURIComponent(id) : "/";
  if (address !== location.pathname + location.search) history.METHOD(null, "", address);
  requestAnimationFrame(() => document.dispatchEvent(new Event("settled")));
}"""
"""After what is open has changed: the address follows it, so that a reload, a bookmark or a
restarted server comes back to it, and the page's script is told, which moves the log."""

TAKE_ACCEPTED = """(box, receipt) => {
  if (!receipt) return box;
  const { text, files } = JSON.parse(receipt);
  return {
    text: box.text.startsWith(text) ? box.text.slice(text.length) : box.text,
    files: box.files.slice(files),
  };
}"""
"""Take what was accepted out of the message box, and leave what came into it since."""

PICTURE_ENDINGS = (".heic", ".heif", ".avif")
"""What not every browser takes for a picture."""

ANY_LENGTH = 1_000_000_000
"""Pasted text is never turned into a file: the dialogue manager says what is too long."""

# Private: these events are the page's own. Progress is shown by the reply itself.
_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}

# A press counts also while the page is still taking in what the one before has changed.
_PRESS: dict[str, Any] = {**_EVENT, "trigger_mode": "multiple"}


def build_page(manager: DialogueManager) -> gr.Blocks:
    """The page as gradio Blocks, not yet mounted anywhere."""
    page = gr.Blocks(title="Vis-à-Vis", analytics_enabled=False, fill_height=True, fill_width=True)
    with page:
        with gr.Sidebar(elem_id="side", width=288):
            gr.HTML(panel.HEAD, elem_id="head", js_on_load=None, apply_default_css=False)
            found = gr.HTML(elem_id="found", js_on_load=None, apply_default_css=False)
            side = gr.HTML(elem_id="shelf", js_on_load=SCRIPT, apply_default_css=False)
            bring = gr.UploadButton(IMPORT, elem_id="bring", size="sm", file_count="single")
            remembering, remembered = facts.build(manager)
        log = _log()
        box = _box()
        # In the page, not in the server's session, so that they outlive a restarted server.
        conversation = gr.Textbox(NEW, visible="hidden", container=False)
        receipt = gr.Textbox(NOTHING_ACCEPTED, visible="hidden", container=False)
        sent = _wire(page, Handlers(manager), Screen(conversation, side, log, box, receipt))
        sent.then(remembering.after_message, receipt, remembered, **_EVENT)
        _wire_shelf(Shelf(manager), side, found, bring, conversation)
    page.queue(default_concurrency_limit=None, api_open=False)
    return page


def _log() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="log",
        show_label=False,
        container=False,
        scale=1,
        height="100%",
        layout="bubble",
        buttons=[],
        latex_delimiters=[],
        allow_tags=False,
        placeholder=WELCOME,
        examples=EXAMPLES,
    )


def _box() -> gr.MultimodalTextbox:
    return gr.MultimodalTextbox(
        elem_id="box",
        show_label=False,
        container=False,
        placeholder="Write a message",
        file_count="multiple",
        file_types=["image", *PICTURE_ENDINGS, *DOCUMENT_ENDINGS],
        max_lines=12,
        max_plain_text_length=ANY_LENGTH,
        autofocus=True,
    )


def _wire(page: gr.Blocks, does: Handlers, screen: Screen) -> Dependency:
    """Wire the page's events; the one of a message that was sent."""
    here, side, log, box, receipt = screen
    shown = list(screen)
    by_address = [
        page.load(does.open, here, shown, js=ADDRESSED, **_EVENT),
        side.follow_address(does.open_chosen, None, shown, **_EVENT),
    ]
    sent: Dependency = box.submit(does.send, [box, here], shown, **_EVENT)
    sent.then(None, [box, receipt], box, js=TAKE_ACCEPTED)
    by_hand = [
        sent,
        side.open_chat(does.open_chosen, None, shown, **_EVENT),
        side.delete_chat(does.delete, here, shown, **_EVENT),
        side.edit_message(does.edit, here, shown, **_EVENT),
        side.make_again(does.again, here, shown, **_EVENT),
        side.fork_chat(does.fork, here, shown, **_EVENT),
        log.option_select(does.take_up, here, shown, **_EVENT),
    ]
    for event in by_address:
        event.then(None, here, js=SETTLE.replace("METHOD", "replaceState"))
    for event in by_hand:
        event.then(None, here, js=SETTLE.replace("METHOD", "pushState"))
    # The log stays where the person has scrolled it.
    in_place = [
        side.pin_picture(does.pin, here, shown, **_PRESS),
        side.switch_version(does.switch, here, shown, **_PRESS),
    ]
    showing = (*by_address, *by_hand, *in_place)
    # However many presses there were: one that is dropped would leave what an earlier one saw.
    following = [event.then(does.follow, here, shown, **_PRESS) for event in showing]
    # Something else is about to be shown: whoever follows a reply here lets go of it, and
    # another takes over. Letting go stops no reply. A pin changes nothing of what is followed.
    for leaving in (
        *(side.follow_address, side.open_chat, side.delete_chat),
        *(side.edit_message, side.make_again, side.fork_chat, side.switch_version),
    ):
        leaving(None, cancels=following)
    box.stop(does.stop, here, None, queue=False, **_EVENT)
    log.example_select(_take_example, None, box, queue=False, **_EVENT)
    return sent


def _wire_shelf(does: Shelf, side: gr.HTML, found: gr.HTML, bring: gr.UploadButton, here: gr.Textbox) -> None:
    side.rename_chat(does.rename, here, side, **_PRESS)
    side.pin_chat(does.pin, here, side, **_PRESS)
    side.archive_chat(does.archive, here, side, **_PRESS)
    side.tag_chat(does.tag, here, side, **_PRESS)
    side.note_chat(does.note, here, side, **_PRESS)
    side.list_chats(does.choose, here, side, **_PRESS)
    # While one search runs, only the last of those typed meanwhile follows it.
    side.find(does.find, None, found, trigger_mode="always_last", **_EVENT)
    side.like_picture(does.like, None, found, trigger_mode="always_last", **_EVENT)
    bring.upload(does.take_in, [bring, here], [bring, side], **_EVENT)


def _take_example(event: gr.SelectData) -> dict[str, Any]:
    """Put the chosen example into the box, where a picture can be added to it."""
    return gr.update(value={"text": event.value["text"], "files": []})
