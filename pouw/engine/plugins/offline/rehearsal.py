"""Creating, reading, changing and deleting in the simulated cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.properties import Value, plain
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.core.sdk_types import ResourceType, Sdk
from pouw.engine.plugins.core.simulation import Record, SimulatedCloud, Transaction
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.offline.cloud import Cloud
from pouw.engine.plugins.offline.invention import Inventor
from pouw.engine.plugins.offline.outputs import Outputs
from pouw.engine.plugins.offline.settings import Settings, text

_EVERYWHERE: Final = ""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """One provider's doings in the simulated cloud."""

    cloud: Cloud
    sdk: Sdk
    outputs: Outputs
    store: SimulatedCloud
    settings: Settings

    def create(self, urn: Urn, described: ResourceType, inputs: Mapping[str, Value]) -> Record:
        """Make a resource, in the place of what a killed run made for it and nobody noted.

        Raises:
            ProviderError: its name or id is taken, or it cannot stand beside what is there.
        """
        with self.store.transaction() as held:
            held.forget_unknown(urn.text)
            self._refuse_conflict(held, urn, described, inputs)
            record = self._another(held, urn, described, inputs)
            taken = held.get(record.token, record.place, record.id) or (
                held.of_name(record.token, record.place, record.name) if record.name else None
            )
            if taken is not None:
                raise ProviderError(
                    f"{urn.type_token} {urn.name}: {record.name or record.id} exists already in the simulated cloud, "
                    f"made for {taken.urn}; choose another name"
                )
            held.put(record)
            return record

    def update(self, urn: Urn, described: ResourceType, identifier: str, inputs: Mapping[str, Value]) -> Record:
        """Change a resource in place. Raises ProviderError when it is gone."""
        with self.store.transaction() as held:
            old = held.read(described.token, self._place(described, inputs), identifier)
            if old is None:
                raise ProviderError(f"{urn.type_token} {urn.name}: {identifier} is gone from the simulated cloud")
            self._refuse_conflict(held, urn, described, inputs, but=old)
            new = self._made(urn, described, inputs, serial=0, old=old)
            held.put(new)
            return new

    def read(self, described: ResourceType, identifier: str, olds: Mapping[str, Value]) -> Record | None:
        """The resource as the cloud has it; None when it is gone."""
        with self.store.transaction() as held:
            return held.read(described.token, self._place(described, olds), identifier)

    def delete(self, urn: Urn, described: ResourceType, identifier: str, olds: Mapping[str, Value]) -> None:
        """Take it away; what is gone already is gone. Raises ProviderError when its deletion is forbidden."""
        with self.store.transaction() as held:
            found = held.read(described.token, self._place(described, olds), identifier)
            if found is None:
                return
            guard = self.cloud.facts_of(described.token).protects
            if guard and plain(found.inputs.get(guard, found.outputs.get(guard))) is True:
                raise ProviderError(
                    f"{urn.type_token} {urn.name}: {guard} is on, so {self.cloud.title} would not delete it; "
                    f"set {guard} to false, run `up`, then delete it"
                )
            held.remove(found)

    def _another(self, held: Transaction, urn: Urn, described: ResourceType, inputs: Mapping[str, Value]) -> Record:
        """A resource beside those that it is to replace: with an id that none of them has, if ids are the cloud's."""
        theirs = {one.id for one in held.of_urn(urn.text)}
        made = [self._made(urn, described, inputs, serial=serial) for serial in range(len(theirs) + 1)]
        return next((one for one in made if one.id not in theirs), made[0])

    def _made(
        self,
        urn: Urn,
        described: ResourceType,
        inputs: Mapping[str, Value],
        *,
        serial: int,
        old: Record | None = None,
    ) -> Record:
        facts = self.cloud.facts_of(described.token)
        planned = self.outputs.planned(
            described, inputs, facts, tags=self.settings.tags, olds=None if old is None else old.outputs
        )
        settings = replace(self.settings, region=text(inputs, "region") or self.settings.region)
        inventor = Inventor(self.cloud, self.sdk)
        identifier, outputs = inventor.complete(described, inputs, planned, settings, f"{urn.text} {serial}")
        if old is not None:
            outputs |= {name: int(old.outputs[name]) + 1 for name in facts.counts}
        rule = self.cloud.naming(described)
        return Record(
            token=described.token,
            place=self._place(described, inputs),
            id=identifier if old is None else old.id,
            urn=urn.text,
            name=text(inputs, rule.property) if facts.unique and rule is not None else None,
            inputs=inputs,
            outputs=outputs,
            known=old is not None,
        )

    def _place(self, described: ResourceType, values: Mapping[str, Value]) -> str:
        if not self.cloud.regional(described.token):
            return _EVERYWHERE
        return text(values, "region") or self.settings.region

    def _refuse_conflict(
        self,
        held: Transaction,
        urn: Urn,
        described: ResourceType,
        inputs: Mapping[str, Value],
        but: Record | None = None,
    ) -> None:
        def others(token: str) -> Sequence[Mapping[str, Value]]:
            return [plain(one.inputs) for one in held.of_token(token) if but is None or one.id != but.id]

        if fault := self.cloud.conflict(described.token, plain(inputs), others):
            raise ProviderError(Redaction(inputs)(f"{urn.type_token} {urn.name}: {fault}"))
