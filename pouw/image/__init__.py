"""The images of a site: what goes in, their tags, and how they are built where there is no engine and no registry."""

from __future__ import annotations

from pouw.image.building import Image, build, prepare
from pouw.image.errors import ImageError
from pouw.image.inputs import KINDS, content_tag, reference

__all__ = ["KINDS", "Image", "ImageError", "build", "content_tag", "prepare", "reference"]
