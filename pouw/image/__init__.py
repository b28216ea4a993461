"""The node image: what goes into it, its tag, and how it is built where there is neither an engine nor a registry."""

from __future__ import annotations

from pouw.image.building import Image, build, prepare
from pouw.image.errors import ImageError
from pouw.image.inputs import reference

__all__ = ["Image", "ImageError", "build", "prepare", "reference"]
