"""``LanguageRuntime``, the service that the engine calls."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2 as language
from pulumi.runtime.proto import plugin_pb2 as plugin

from pouw.engine.language import toolchain
from pouw.engine.language.children import Chunk, Command, run_attached, run_streamed

_EXECUTION = Path(__file__).with_name("execution.py")
_EXIT_REPORTED = (
    32  # execution.EXIT_REPORTED; the host does not import that module, which the program's interpreter runs
)
_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit

if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[Any, Any]
    _Handlers = dict[str, grpc.RpcMethodHandler[Any, Any]]


class LanguageHost:
    """The methods of the service. Each program runs in a process of its own; cancelling a call ends its process."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address

    async def handshake(
        self, request: language.LanguageHandshakeRequest, context: _Context
    ) -> language.LanguageHandshakeResponse:
        """Store the address of an engine that attaches to a running host."""
        del context
        self._engine_address = request.engine_address or self._engine_address
        return language.LanguageHandshakeResponse()

    async def get_plugin_info(self, request: Empty, context: _Context) -> plugin.PluginInfo:
        """Return the version of the SDK."""
        del request, context
        from importlib import metadata  # a fifth of a host's start, and few engines call this method

        return plugin.PluginInfo(version=metadata.version("pulumi"))

    async def get_required_packages(
        self, request: language.GetRequiredPackagesRequest, context: _Context
    ) -> language.GetRequiredPackagesResponse:
        """Return the resource packages whose SDK the program's interpreter has."""
        interpreter = await _interpreter(request.info, context)
        packages = toolchain.declared_packages(interpreter.site)
        return language.GetRequiredPackagesResponse(
            packages=[
                plugin.PackageDependency(
                    name=package.name, kind="resource", version=package.version, server=package.server
                )
                for package in packages
            ]
        )

    async def get_required_plugins(
        self, request: language.GetRequiredPluginsRequest, context: _Context
    ) -> language.GetRequiredPluginsResponse:
        """Return the resource packages in the message of older engines."""
        interpreter = await _interpreter(request.info, context)
        packages = toolchain.declared_packages(interpreter.site)
        return language.GetRequiredPluginsResponse(
            plugins=[
                plugin.PluginDependency(
                    name=package.name, kind="resource", version=package.version, server=package.server
                )
                for package in packages
            ]
        )

    async def describe_interpreter(self, request: language.AboutRequest, context: _Context) -> language.AboutResponse:
        """Describe the interpreter for ``pulumi about``."""
        interpreter = await _interpreter(request.info, context)
        return language.AboutResponse(
            executable=str(interpreter.path), version=platform.python_version(), metadata={"host": "pouw"}
        )

    async def run(self, request: language.RunRequest, context: _Context) -> language.RunResponse:
        """Run the program to its end. A failure that the program reported is a bail: the engine adds no message."""
        interpreter = await _interpreter(request.info, context)
        settings = {
            "project": request.project,
            "stack": request.stack,
            "monitor": request.monitor_address,
            "engine": self._engine_address,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
        }
        entry = Path(request.info.program_directory, request.info.entry_point or ".")
        status = await run_attached(
            Command(
                argv=_execution(interpreter, "program", json.dumps(settings), str(entry), *request.args),
                directory=Path(request.pwd or request.info.program_directory),
                environment={
                    **interpreter.environment,
                    "PULUMI_CONFIG": json.dumps(dict(request.config)),
                    "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
                },
            )
        )
        if status == 0:
            return language.RunResponse()
        if status == _EXIT_REPORTED:
            return language.RunResponse(bail=True)
        cause = f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
        return language.RunResponse(error=f"the program {cause}")

    async def run_plugin(
        self, request: language.RunPluginRequest, context: _Context
    ) -> AsyncIterator[language.RunPluginResponse]:
        """Run a policy pack (kind ``analyzer``) or another plugin; stream its output and then its exit status."""
        interpreter = await _interpreter(request.info, context)
        folder = str(Path(request.info.program_directory, request.info.entry_point or "."))
        if request.kind == "analyzer":
            target = ["module", "pulumi.policy", *request.args, folder]
        else:
            target = ["path", folder, *request.args]
        variables = dict(entry.split("=", 1) for entry in request.env if "=" in entry)
        inherited = {} if interpreter.is_host and variables else interpreter.environment
        environment = {**inherited, **variables}
        output = run_streamed(
            Command(argv=_execution(interpreter, *target), directory=Path(request.pwd), environment=environment)
        )
        async for item in output:
            if isinstance(item, Chunk):
                if item.stream == "stdout":
                    yield language.RunPluginResponse(stdout=item.data)
                else:
                    yield language.RunPluginResponse(stderr=item.data)
            else:
                yield language.RunPluginResponse(exitcode=item)

    async def install_dependencies(
        self, request: language.InstallDependenciesRequest, context: _Context
    ) -> AsyncIterator[language.InstallDependenciesResponse]:
        """Install the ``requirements.txt`` of a named virtual environment into it, for ``pulumi install``."""
        interpreter = await _interpreter(request.info, context)
        requirements = interpreter.installable(Path(request.info.program_directory or request.directory))
        if requirements is None:
            return
        pip = (str(interpreter.path), "-m", "pip", "install", "-r", str(requirements))
        async for item in run_streamed(
            Command(argv=pip, directory=requirements.parent, environment=interpreter.environment)
        ):
            if isinstance(item, Chunk):
                if item.stream == "stdout":
                    yield language.InstallDependenciesResponse(stdout=item.data)
                else:
                    yield language.InstallDependenciesResponse(stderr=item.data)
            elif item != 0:
                await context.abort(grpc.StatusCode.INTERNAL, f"pip ended with status {item}")

    async def get_program_dependencies(
        self, request: language.GetProgramDependenciesRequest, context: _Context
    ) -> language.GetProgramDependenciesResponse:
        """List the distributions that the program's interpreter has."""
        interpreter = await _interpreter(request.info, context)
        return language.GetProgramDependenciesResponse(
            dependencies=[
                language.DependencyInfo(name=name, version=version)
                for name, version in toolchain.distributions(interpreter.site)
            ]
        )

    async def runtime_options_prompts(
        self, request: language.RuntimeOptionsRequest, context: _Context
    ) -> language.RuntimeOptionsResponse:
        """Return no prompts for ``pulumi new``."""
        del request, context
        return language.RuntimeOptionsResponse()

    async def cancel(self, request: Empty, context: _Context) -> Empty:
        """Acknowledge the request. The engine cancels each call."""
        del request, context
        return Empty()

    def handlers(self) -> _Handlers:
        """Return the service's methods by their names on the wire. Other methods are unimplemented."""
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        table: list[tuple[str, Any, Any, Any]] = [
            ("Handshake", unary, self.handshake, language.LanguageHandshakeRequest),
            ("GetPluginInfo", unary, self.get_plugin_info, Empty),
            ("GetRequiredPackages", unary, self.get_required_packages, language.GetRequiredPackagesRequest),
            ("GetRequiredPlugins", unary, self.get_required_plugins, language.GetRequiredPluginsRequest),
            ("About", unary, self.describe_interpreter, language.AboutRequest),
            ("Run", unary, self.run, language.RunRequest),
            ("RunPlugin", stream, self.run_plugin, language.RunPluginRequest),
            ("InstallDependencies", stream, self.install_dependencies, language.InstallDependenciesRequest),
            ("GetProgramDependencies", unary, self.get_program_dependencies, language.GetProgramDependenciesRequest),
            ("RuntimeOptionsPrompts", unary, self.runtime_options_prompts, language.RuntimeOptionsRequest),
            ("Cancel", unary, self.cancel, Empty),
        ]
        return {
            name: kind(
                method,
                request_deserializer=request.FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
            for name, kind, method, request in table
        }


def _execution(interpreter: toolchain.Interpreter, *arguments: str) -> Sequence[str]:
    return (str(interpreter.path), "-u", str(_EXECUTION), *arguments)


async def _interpreter(info: language.ProgramInfo, context: _Context) -> toolchain.Interpreter:
    try:
        return toolchain.choose(MessageToDict(info.options), Path(info.root_directory), os.environ)
    except toolchain.InterpreterMissingError as error:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


async def serve(engine_address: str) -> None:
    """Serve on a free local port, and print the port. Serve until the task is cancelled."""
    server = grpc.aio.server(
        options=[("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    )
    host = LanguageHost(engine_address)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("pulumirpc.LanguageRuntime", host.handlers())]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201 - the protocol: the engine reads the port from the first line
    await asyncio.Event().wait()
