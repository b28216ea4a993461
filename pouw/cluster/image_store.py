"""The image store of the embedded cluster."""

from __future__ import annotations

from pouw.cluster.condition import State, status
from pouw.cluster.layout import Layout
from pouw.home import Home
from pouw.images.containerd import ContainerdStore
from pouw.toolchain import programs


def image_store(layout: Layout, *, home: Home) -> ContainerdStore:
    """Return the store of the cluster with this layout. The cluster need not run."""
    return ContainerdStore(
        ctr=programs.location("ctr", home=home),
        socket=layout.containerd_socket,
        record=layout.root / "images.json",
    )


def holds(reference: str, *, layout: Layout, home: Home) -> bool | None:
    """True if pods can use an image now, False if they cannot, None if a stopped cluster may still hold it."""
    if image_store(layout, home=home).holds(reference):
        return True
    return None if status(layout).state is State.PARTIAL else False
