"""The pictures of the store, over HTTP.

Only what is in the store can be asked for, by its sha256; the framework's own file
route never sees these files.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from fastapi.responses import Response

from memory import ImageError, ImageStore

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

_SIGNATURES = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))

Sha256 = Annotated[str, InPath(pattern="^[0-9a-f]{64}$")]


def pictures(images: ImageStore) -> APIRouter:
    """Routes for originals (`/pictures/<sha256>`) and thumbnails (`/thumbnails/<sha256>`).

    404 for a picture that is not in the store or was damaged on disk, 422 for what is no sha256.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/pictures/{sha256}")
    def picture(sha256: Sha256) -> Response:
        try:
            return _answer(images.read(sha256), images.get(sha256).media_type)
        except ImageError as error:
            raise HTTPException(404, str(error)) from error

    @router.get("/thumbnails/{sha256}")
    def thumbnail(sha256: Sha256) -> Response:
        try:
            data = images.thumbnail(sha256, THUMBNAIL_SIDE)
        except ImageError as error:
            raise HTTPException(404, str(error)) from error
        return _answer(data, _media_type(data))

    return router


def _answer(data: bytes, media_type: str) -> Response:
    return Response(data, media_type=media_type, headers=_HEADERS)


def _media_type(thumbnail: bytes) -> str:
    """The store makes thumbnails in one of three formats and does not say which."""
    for signature, media_type in _SIGNATURES:
        if thumbnail.startswith(signature):
            return media_type
    raise ValueError("A thumbnail is neither PNG, JPEG nor WebP.")
