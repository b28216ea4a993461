"""Why an image cannot be had."""

from __future__ import annotations

from pouw.errors import PouwError


class ImageError(PouwError):
    """The image, its base or its wheels cannot be made; what was there before is untouched."""
