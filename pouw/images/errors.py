"""The error of everything that makes images."""

from __future__ import annotations

from pouw.errors import PouwError


class ImageError(PouwError):
    """An image, its base or its wheels cannot be made. Images that exist are untouched."""
