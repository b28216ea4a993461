"""A process that mines into a folder as fast as it can and says each block once it is confirmed; killed by a test."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.node.lab import bench


def main() -> None:
    node = bench(Path(sys.argv[1]))
    while True:
        block = node.extend(1)[0]
        sys.stdout.write(block.hash.hex() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
