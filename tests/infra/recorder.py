"""A recorder of the resources that a program declares: real components, no engine, placeholder outputs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import mocks, rpc
from pulumi.runtime.stack import run_pulumi_func


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One resource as it was declared; ``inputs`` in the provider's own property names, secrets as plain text."""

    token: str
    name: str
    inputs: Mapping[str, Any]
    custom: bool


@dataclass(kw_only=True)
class _Recorder(mocks.Mocks):
    answers: Mapping[str, Mapping[str, Any]]
    """Outputs by type token that components read, in addition to the inputs."""
    resources: list[Recorded] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        inputs: Any = _reveal(args.inputs)
        self.resources.append(Recorded(token=args.typ, name=args.name, inputs=inputs, custom=bool(args.custom)))
        return f"{args.name}-id", {**inputs, **self.answers.get(args.typ, {})}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(
            f"{args.token}: got a call of a data source; expected none, because components only declare resources"
        )


def record(declare: Callable[[], object], answers: Mapping[str, Mapping[str, Any]] | None = None) -> Sequence[Recorded]:
    """Run ``declare`` and return every resource it declared, once all registrations have ended."""
    recorder = _Recorder(answers=answers or {})

    def run() -> None:
        # The SDK keeps its settings in context variables, and wants a loop in its own thread and in those that it
        # answers calls in: all of them end with this thread.
        answering = asyncio.new_event_loop()
        workers = ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(answering,))
        with asyncio.Runner() as runner, closing(answering):
            runner.get_loop().set_default_executor(workers)
            asyncio.set_event_loop(runner.get_loop())
            mocks.set_mocks(recorder, project="pouw", stack="test", preview=False)
            runner.get_loop().run_until_complete(run_pulumi_func(lambda: _run(declare)))

    with ThreadPoolExecutor(1) as thread:
        thread.submit(run).result()
    return recorder.resources


def _run(declare: Callable[[], object]) -> None:
    declare()


def _reveal(value: Any) -> Any:
    """Return the value with every secret as plain text."""
    if isinstance(value, Mapping):
        return (
            _reveal(value["value"])
            if rpc._special_sig_key in value
            else {k: _reveal(resource) for k, resource in value.items()}
        )
    return [_reveal(resource) for resource in value] if isinstance(value, list) else value


def of_type(resources: Sequence[Recorded], token: str) -> Iterator[Recorded]:
    """Return the resources of one type, such as ``aws:s3/bucket:Bucket``."""
    return (resource for resource in resources if resource.token == token)
