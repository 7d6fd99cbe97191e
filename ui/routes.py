"""The pictures of the store, and its conversations as files to keep, over HTTP.

Only what is in the store can be asked for, a picture by its sha256, a conversation by its id; the
framework's own file route never sees these files.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from memory import ImageError, ImageStore, Store, StoreError, UnknownConversation
from memory.sharing import media_type_of
from memory.transfer import export_bundle, export_html, export_markdown

THUMBNAIL_SIDE = 640
"""Longest side in pixels: twice what the log shows, for dense screens."""

_HEADERS = {
    # The address names the content, so it can never change.
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    # Nothing inside a picture may load or run anything, whatever a browser takes it for.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}

Form = Literal["html", "markdown", "bundle"]

_EXPORTS: dict[Form, tuple[Callable[..., int], str]] = {
    "html": (export_html, ".html"),
    "markdown": (export_markdown, ".zip"),
    "bundle": (export_bundle, ".bundle.zip"),
}
"""What writes each form, and how its files' names end."""

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')

_NAME_CHARACTERS = 80

Sha256 = Annotated[str, InPath(pattern="^[0-9a-f]{64}$")]


def pictures(images: ImageStore) -> APIRouter:
    """Routes for pictures in full size (`/pictures/<sha256>`) and thumbnails (`/thumbnails/<sha256>`).

    Neither carries where, when and with what a picture was taken: what a browser has can be saved
    and passed on. The originals stay in the store.

    404 for a picture that is not in the store or was damaged on disk, 422 for what is no sha256.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/pictures/{sha256}")
    def picture(sha256: Sha256) -> Response:
        try:
            return _answer(images.shareable(sha256))
        except ImageError as error:
            raise HTTPException(404, str(error)) from error

    @router.get("/thumbnails/{sha256}")
    def thumbnail(sha256: Sha256) -> Response:
        try:
            return _answer(images.thumbnail(sha256, THUMBNAIL_SIDE))
        except ImageError as error:
            raise HTTPException(404, str(error)) from error

    return router


def exports(store: Store) -> APIRouter:
    """Routes that give a conversation as a file to keep: `/exports/<id>/<form>`, the form one of `Form`.

    404 for a conversation that is not in the store, 500 with what was wrong if it cannot be written,
    422 for another form.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/exports/{conversation_id}/{form}")
    def export(conversation_id: str, form: Form) -> FileResponse:
        write, ending = _EXPORTS[form]
        folder = tempfile.TemporaryDirectory(prefix="visavis-export-")
        target = Path(folder.name, f"export{ending}")
        try:
            name = file_name(store.conversation(conversation_id).title)
            write(store, target, [conversation_id])
        except (ImageError, StoreError) as error:
            folder.cleanup()
            code = 404 if isinstance(error, UnknownConversation) else 500
            raise HTTPException(code, str(error)) from error
        return FileResponse(
            target,
            filename=f"{name}{ending}",
            headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
            background=BackgroundTask(folder.cleanup),
        )

    return router


def file_name(title: str) -> str:
    """A title as the name of a file on any system, without its ending."""
    return _NOT_IN_NAMES.sub(" ", title)[:_NAME_CHARACTERS].strip(" .") or "conversation"


def _answer(data: bytes) -> Response:
    return Response(data, media_type=media_type_of(data), headers=_HEADERS)
