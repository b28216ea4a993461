"""Names of objects that the program does not name."""

from __future__ import annotations

import hashlib
import secrets

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.naming import Naming, NamingMode
from pouw.engine.plugins.core.properties import UNKNOWN
from pouw.engine.plugins.kubernetes.objects import AUTONAMED, Object, annotated_true, metadata, name_of, replaced

_RANDOM_BYTES = 4


def with_name(inputs: Object, olds: Object, naming: Naming) -> Object:
    """Return the inputs with a name: their own, else that of the existing object, else a new one.

    Raises:
        ProviderError: automatic naming is disabled.
    """
    if inputs.get("metadata") is UNKNOWN or metadata(inputs).get("name") is UNKNOWN or name_of(inputs):
        return inputs
    if metadata(inputs).get("generateName"):
        raise ProviderError(
            "metadata.generateName cannot be used, because the engine must know names; leave it out for a random name"
        )
    if olds:
        return _with_mark(inputs, name_of(olds)) if annotated_true(olds, AUTONAMED) else inputs
    return _with_mark(inputs, _new_name(naming))


def _new_name(naming: Naming) -> str:
    if naming.mode is NamingMode.DISABLED:
        raise ProviderError("metadata.name: is needed, because automatic naming is disabled for this stack")
    if naming.mode in (NamingMode.PROPOSED, NamingMode.ENFORCED) and naming.proposed:
        return naming.proposed
    suffix = (
        hashlib.sha256(naming.seed).hexdigest()[: 2 * _RANDOM_BYTES]
        if naming.seed
        else secrets.token_hex(_RANDOM_BYTES)
    )
    return f"{naming.resource}-{suffix}"


def _with_mark(inputs: Object, name: str) -> Object:
    inputs = replaced(inputs, ("metadata", "name"), name)
    if metadata(inputs).get("annotations") is UNKNOWN:
        return inputs
    return replaced(inputs, ("metadata", "annotations", AUTONAMED), "true")
