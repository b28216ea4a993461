"""The images of a site: their inputs, references and builds, and their import into clusters of this machine.

This package does not import the embedded cluster. Callers pass its image store (:class:`ContainerdStore`).
"""

from __future__ import annotations

from pouw.images.build_inputs import content_tag, reference
from pouw.images.builder import Image, build
from pouw.images.containerd import ContainerdStore
from pouw.images.errors import ImageError
from pouw.images.kinds import Kind

__all__ = ["ContainerdStore", "Image", "ImageError", "Kind", "build", "content_tag", "reference"]
