"""The error that ends a stack's program because of faults in what the user gave."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from infra.faults import Fault


class ProgramError(pulumi.RunError):
    """Faults that end the program. The engine prints their text without a traceback.

    The language host reads ``faults``, so that the result of the run has their parts as data.
    """

    def __init__(self, faults: Sequence[Fault], *, heading: str = "") -> None:
        super().__init__("\n".join([*([heading] if heading else []), *map(str, faults)]))
        self.faults = tuple(faults)
