"""One tab of a browser on the page, and what a person does and sees there."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, FilePayload, Locator, Page, Request, expect

PATIENCE = 60_000.0
"""Milliseconds until a page that should have changed is taken to be broken."""

expect.set_options(timeout=PATIENCE)

BROKEN_OFF = ("AbortError", "Connection errored out")
"""How a page that is left complains of the event stream that it was still reading."""

HAND_OVER = """
([how, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, { type }));
  const init = { bubbles: true, cancelable: true };
  const event = how === "paste"
    ? new ClipboardEvent("paste", { ...init, clipboardData: files })
    : new DragEvent("drop", { ...init, dataTransfer: files });
  document.querySelector("#box textarea").dispatchEvent(event);
}
"""


@dataclass
class Visit:
    """A tab, and everything it asked for and complained about since it was opened."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.open()

    def open(self, address: str = "/") -> None:
        """Go to an address of the page and wait until it is alive."""
        self._travel(lambda: self.page.goto(self.url + address))

    def reload(self) -> None:
        """Load the page again and wait until it is alive."""
        self._travel(self.page.reload)

    def close(self) -> None:
        """Leave the page; what it complains of while it goes is what that breaks off."""
        before = len(self.complaints)
        self.page.context.close()
        del self.complaints[before:]

    def _travel(self, go: Callable[[], object]) -> None:
        before = len(self.complaints)
        go()
        # The panel comes from the server, once events are wired.
        self.page.wait_for_selector("#side .panel", state="attached")
        self.complaints[before:] = [
            text for text in self.complaints[before:] if not any(words in text for words in BROKEN_OFF)
        ]

    # ---- what a person does ---------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Type a message and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def say(self, text: str) -> str:
        """Send a message and wait for the whole reply; its text."""
        before = self.replies.count()
        self.send(text)
        expect(self.replies).to_have_count(before + 1)
        expect(self.send_button).to_be_visible()
        return self.replies.last.inner_text().strip()

    def stop(self) -> None:
        """Press Stop, and wait until the server knows."""
        with self.page.expect_response("**/run/predict*"):
            self.stop_button.click()

    def unfold(self, title: str, deed: str) -> None:
        """Unfold what can be done with a conversation, and choose one thing."""
        row = self.row(title)
        row.hover()
        row.get_by_role("button", name=f"More for {title}", exact=True).click()
        row.locator(".menu").get_by_text(deed, exact=True).click()

    def attach(self, data: bytes, name: str = "scene.png", media_type: str = "image/png") -> None:
        """Choose a picture in the file dialogue, and wait until it is uploaded."""
        before = self.attached.count()
        file = FilePayload(name=name, mimeType=media_type, buffer=data)
        self.page.set_input_files("#box input[type=file]", [file])
        expect(self.attached).to_have_count(before + 1)

    def hand_over(self, how: Literal["paste", "drop"], data: bytes, name: str = "scene.png") -> None:
        """Paste or drop a picture onto the message box, and wait until it is uploaded."""
        before = self.attached.count()
        self.page.evaluate(HAND_OVER, [how, name, "image/png", base64.b64encode(data).decode()])
        expect(self.attached).to_have_count(before + 1)

    # ---- what a person sees ---------------------------------------------------------------------

    @property
    def box(self) -> Locator:
        return self.page.locator("#box textarea")

    @property
    def attached(self) -> Locator:
        """Pictures in the message box that are not sent yet."""
        return self.page.locator("#box .thumbnail-item")

    @property
    def send_button(self) -> Locator:
        return self.page.get_by_role("button", name="Submit")

    @property
    def stop_button(self) -> Locator:
        return self.page.get_by_role("button", name="Stop")

    @property
    def messages(self) -> Locator:
        """What the person said."""
        return self.page.locator("#log .user-row")

    @property
    def replies(self) -> Locator:
        """What the model said."""
        return self.page.locator("#log .bot-row")

    @property
    def pictures(self) -> Locator:
        return self.page.locator("#log figure")

    @property
    def conversations(self) -> Locator:
        """The rows of the list at the side."""
        return self.page.locator("#side li[data-id]")

    @property
    def refusal(self) -> Locator:
        """The note that something was refused."""
        return self.page.locator(".toast-body")

    def row(self, title: str) -> Locator:
        """The row of the conversation with this title."""
        return self.conversations.filter(has=self.page.get_by_role("link", name=title, exact=True))

    # ---- what must always hold ------------------------------------------------------------------

    def elsewhere(self) -> list[str]:
        """Requests that did not go to the page's own server."""
        own = urlsplit(self.url).netloc
        return [
            url for url in self.requests if not re.match("(data|blob):", url) and urlsplit(url).netloc != own
        ]

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")
