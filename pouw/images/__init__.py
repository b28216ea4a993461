"""The images of a site: what goes in, their tags, and how they are built where there is no engine and no registry."""

from __future__ import annotations

from pouw.images.build_inputs import KINDS, content_tag, reference
from pouw.images.builder import Image, build, prepare
from pouw.images.errors import ImageError

__all__ = ["KINDS", "Image", "ImageError", "build", "content_tag", "prepare", "reference"]
