"""Resources in the simulated cloud of a rehearsal: create, read, update and delete them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from infra.faults import Fault
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.input_faults import redacted
from pouw.engine.plugins.core.properties import Value, revealed
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.core.sdk_types import ResourceType, Sdk
from pouw.engine.plugins.core.simulation import Record, SimulatedCloud, Transaction
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.offline.cloud_description import Cloud
from pouw.engine.plugins.offline.outputs import Outputs
from pouw.engine.plugins.offline.placeholder_outputs import PlaceholderOutputs
from pouw.engine.plugins.offline.settings import Settings, text

_WORLDWIDE: Final = ""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The resources of one provider in the simulated cloud."""

    cloud: Cloud
    sdk: Sdk
    outputs: Outputs
    store: SimulatedCloud
    settings: Settings

    def create(self, urn: Urn, definition: ResourceType, inputs: Mapping[str, Value]) -> Record:
        """Create a resource, in place of one that a killed run created and did not record in the state.

        Raises:
            ProviderError: its name or id exists, or it conflicts with another resource.
        """
        with self.store.transaction() as transaction:
            transaction.remove_unrecorded(urn.text)
            self._refuse_conflict(transaction, urn, definition, inputs)
            record = self._new(transaction, urn, definition, inputs)
            existing = transaction.get(record.token, record.scope, record.id) or (
                transaction.of_name(record.token, record.scope, record.name) if record.name else None
            )
            if existing is not None:
                raise _error(
                    urn,
                    Fault(
                        path=record.name or record.id,
                        message="exists already in the simulated cloud",
                        got=f"a resource of {existing.urn}",
                        expected="a name that no other resource has",
                        remedy="choose another name",
                    ),
                )
            transaction.save(record)
            return record

    def update(self, urn: Urn, definition: ResourceType, identifier: str, inputs: Mapping[str, Value]) -> Record:
        """Change a resource in place.

        Raises:
            ProviderError: it does not exist, or it conflicts with another resource.
        """
        with self.store.transaction() as transaction:
            old = transaction.read(definition.token, self._scope(definition, inputs), identifier)
            if old is None:
                raise ProviderError(f"{urn.type_token} {urn.name}: {identifier} is gone from the simulated cloud")
            self._refuse_conflict(transaction, urn, definition, inputs, replaced=old)
            new = self._record(urn, definition, inputs, serial=0, old=old)
            transaction.save(new)
            return new

    def read(self, definition: ResourceType, identifier: str, olds: Mapping[str, Value]) -> Record | None:
        """Return the resource as the cloud has it; None if it does not exist."""
        with self.store.transaction() as transaction:
            return transaction.read(definition.token, self._scope(definition, olds), identifier)

    def delete(self, urn: Urn, definition: ResourceType, identifier: str, olds: Mapping[str, Value]) -> None:
        """Delete a resource, if it exists.

        Raises:
            ProviderError: an input of the resource forbids its deletion.
        """
        with self.store.transaction() as transaction:
            record = transaction.read(definition.token, self._scope(definition, olds), identifier)
            if record is None:
                return
            guard = self.cloud.entry_of(definition.token).protects
            if guard and revealed(record.inputs.get(guard, record.outputs.get(guard))) is True:
                raise _error(
                    urn,
                    Fault(
                        path=guard,
                        message="forbids the deletion",
                        got="true",
                        expected="false",
                        reason=f"{self.cloud.title} deletes no resource that it protects",
                        remedy=f"set {guard} to false, run `up`, then delete the resource",
                    ),
                )
            transaction.remove(record)

    def _new(self, transaction: Transaction, urn: Urn, definition: ResourceType, inputs: Mapping[str, Value]) -> Record:
        """Return a new resource. Its id differs from those of the resources it replaces, if the cloud makes ids."""
        identifiers = {record.id for record in transaction.of_urn(urn.text)}
        candidates = [self._record(urn, definition, inputs, serial=serial) for serial in range(len(identifiers) + 1)]
        return next((record for record in candidates if record.id not in identifiers), candidates[0])

    def _record(
        self,
        urn: Urn,
        definition: ResourceType,
        inputs: Mapping[str, Value],
        *,
        serial: int,
        old: Record | None = None,
    ) -> Record:
        entry = self.cloud.entry_of(definition.token)
        plan = self.outputs.plan(
            definition, inputs, entry, tags=self.settings.tags, olds=None if old is None else old.outputs
        )
        settings = replace(self.settings, region=text(inputs, "region") or self.settings.region)
        placeholders = PlaceholderOutputs(self.cloud, self.sdk)
        identifier, outputs = placeholders.complete(definition, inputs, plan, settings, f"{urn.text} {serial}")
        if old is not None:
            outputs |= {name: int(old.outputs[name]) + 1 for name in entry.counts}
        rule = self.cloud.naming(definition)
        return Record(
            token=definition.token,
            scope=self._scope(definition, inputs),
            id=identifier if old is None else old.id,
            urn=urn.text,
            name=text(inputs, rule.property) if entry.unique and rule is not None else None,
            inputs=inputs,
            outputs=outputs,
            in_state=old is not None,
        )

    def _scope(self, definition: ResourceType, values: Mapping[str, Value]) -> str:
        if not self.cloud.regional(definition.token):
            return _WORLDWIDE
        return text(values, "region") or self.settings.region

    def _refuse_conflict(
        self,
        transaction: Transaction,
        urn: Urn,
        definition: ResourceType,
        inputs: Mapping[str, Value],
        replaced: Record | None = None,
    ) -> None:
        def siblings(token: str) -> Sequence[Mapping[str, Value]]:
            return [
                revealed(record.inputs)
                for record in transaction.of_token(token)
                if replaced is None or record.id != replaced.id
            ]

        if fault := self.cloud.conflict(definition.token, revealed(inputs), siblings):
            raise _error(urn, redacted(fault, Redaction(inputs)))


def _error(urn: Urn, fault: Fault) -> ProviderError:
    return ProviderError(f"{urn.type_token} {urn.name}: {fault}", fault=fault)
