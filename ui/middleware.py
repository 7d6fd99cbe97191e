"""What stands between the browser and the framework: only the page's own paths, and the page as our own.

Plain ASGI: a middleware that awaits whole responses would hold back the event stream.
"""

from __future__ import annotations

import json
import re

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        # Whatever a reply contains, such as the address of a picture, the browser asks nobody but us.
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        # The framework compiles templates and handlers in the page.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "frame-ancestors 'self'",
        "base-uri 'self'",
        "object-src 'none'",
    )
)
"""The content security policy of the page."""

HEAD = """<title>Vis-à-Vis</title>
<meta name="description" content="A conversation with a model that sees">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">"""

# The framework answers on many more paths: documentation, monitoring, log-in, a proxy that
# fetches any address for whoever asks. The page uses none of them.
_OWN_PATHS = re.compile(
    r"/|/favicon\.svg|/theme\.css|/config|/robots\.txt|/(?:assets|static|pictures|thumbnails|exports)/.*"
    r"|/gradio_api/(?:queue/(?:join|data)|run/predict|cancel|reset|upload|upload_progress|startup-events"
    r"|heartbeat/.*|file=(?!\w+:).*)"
)

_EVENTS = {"/gradio_api/queue/join", "/gradio_api/run/predict"}

# The framework's template has cards for social networks, with its own name and logo, and the
# manifest of an installable app. There is no setting for either.
_FOREIGN_HEAD = re.compile(
    r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*|<link\s+rel="manifest"[^>]*>\s*'
)


class OwnPaths:
    """Answers 404 for every path that the page does not use."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _OWN_PATHS.fullmatch(scope["path"]):
            await PlainTextResponse("There is nothing here.\n", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class OwnFiles:
    """Refuses events that name a file on another server: the framework would fetch it for whoever asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in _EVENTS:
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if names_other_server(body):
            answer = PlainTextResponse("Files are uploaded here, not fetched from elsewhere.\n", 400)
            await answer(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body}]

        async def again() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, again, send)


class OwnPage:
    """Serves the framework's page under our name and our content policy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        # Uncompressed, so that it can be rewritten; it is small.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": headers}, receive, _Rewriting(send))


class _Rewriting:
    """Stands in for `send`: collects one response, and sends it on rewritten."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = rewrite(self._body.decode()).encode()
        headers = MutableHeaders(raw=list(self._start["headers"]))
        headers["Content-Length"] = str(len(body))
        headers["Content-Security-Policy"] = POLICY
        headers["Referrer-Policy"] = "no-referrer"
        headers["X-Content-Type-Options"] = "nosniff"
        await self._send({**self._start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def rewrite(html: str) -> str:
    """The framework's page with our own head in place of its cards and links."""
    return _FOREIGN_HEAD.sub("", html).replace("<head>", f"<head>{HEAD}", 1)


def names_other_server(body: bytes) -> bool:
    """Whether anywhere in the JSON of an event the path of a file is an address on the web."""
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):
        # What is no JSON, or too deep to be read, is refused by the framework too.
        return False
    while waiting:
        match waiting.pop():
            case dict(found):
                path = found.get("path")
                if isinstance(path, str) and path.strip().lower().startswith(("http:", "https:")):
                    return True
                waiting += found.values()
            case list(found):
                waiting += found
    return False
