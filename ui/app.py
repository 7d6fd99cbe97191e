"""The web application: the page, the pictures, and what keeps them to themselves."""

from __future__ import annotations

import asyncio
import atexit
import os
import tempfile
from functools import cache
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse

from chat.conversation import DialogueManager
from ui import routes
from ui.middleware import OwnFiles, OwnPage, OwnPaths
from ui.page import build_page
from ui.theme import theme

HERE = Path(__file__).parent

MAX_UPLOAD = "200mb"
"""The largest file the page takes in; what a picture or a video may be is said when it is sent."""


def build(manager: DialogueManager) -> FastAPI:
    """The whole web application around a dialogue manager, which stays the caller's to close.

    To be called where no event loop is running.
    """
    # Read by the framework wherever it handles an upload.
    os.environ["GRADIO_TEMP_DIR"] = _uploads()
    # Inside a loop, because without one the framework makes one for every lock, and closes none.
    return asyncio.run(_assemble(manager))


async def _assemble(manager: DialogueManager) -> FastAPI:
    app = FastAPI(title="Vis-à-Vis", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(routes.pictures(manager.store.images))
    app.include_router(routes.exports(manager.store))
    app.add_api_route("/favicon.svg", _favicon)
    app.add_middleware(OwnFiles)
    app.add_middleware(OwnPage)
    app.add_middleware(OwnPaths)
    gr.mount_gradio_app(
        app,
        build_page(manager),
        path="/",
        theme=theme(),
        css_paths=[HERE / "style.css", HERE / "gallery.css"],
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size=MAX_UPLOAD,
    )
    return app


@cache
def _uploads() -> str:
    """Where pictures wait between upload and send: this process's own folder, gone when it ends."""
    folder = tempfile.TemporaryDirectory(prefix="visavis-uploads-")
    atexit.register(folder.cleanup)
    return folder.name


def _favicon() -> FileResponse:
    return FileResponse(HERE / "favicon.svg")
