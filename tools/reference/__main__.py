"""Write the generated pages: ``python -m tools.reference``."""

from __future__ import annotations

import sys

from tools.reference.pages import pages


def main() -> int:
    """Write every page whose content has changed, and print its path."""
    for path, content in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
