"""The images of a site: their content, their references, their build, and their way into clusters of this machine.

Nothing here knows the embedded cluster: a caller passes what is needed of it (:class:`ContainerdStore`).
"""

from __future__ import annotations

from pouw.images.build_inputs import content_tag, reference
from pouw.images.builder import Image, build, prepare
from pouw.images.containerd import ContainerdStore
from pouw.images.errors import ImageError
from pouw.images.kinds import Kind

__all__ = ["ContainerdStore", "Image", "ImageError", "Kind", "build", "content_tag", "prepare", "reference"]
