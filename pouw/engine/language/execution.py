"""Execution of one Pulumi program, policy pack or plugin. The host starts this file with the *program's* interpreter.

That interpreter may differ from the host's, so this file imports only the standard library and, where it needs it, the
program's ``pulumi``.

    execution.py program OPTIONS_JSON ENTRY [ARG...]
    execution.py module NAME [ARG...]
    execution.py path ENTRY [ARG...]
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import Any

EXIT_REPORTED = 32
"""Status of a program that failed and reported the reason to the engine."""

FAULT_LOG_VARIABLE = "POUW_FAULT_LOG"
"""Variable of ``pouw.engine.fault_log``, which this file cannot import."""
SDK_PATCHES_VARIABLE = "POUW_SDK_PATCHES"
"""``off`` runs a program with the SDK as it is installed. Default: ``on``."""
_GARBAGE = 100_000
"""Objects between two garbage collections."""
_PARTS = frozenset({"outputs", "_inputs", "_enums"})
"""Modules that every package of an SDK has, and that hold the types of its resources."""
_MACHINERY = ("<frozen ", f"{os.sep}asyncio{os.sep}", f"{os.sep}concurrent{os.sep}futures{os.sep}")


def _die_with_parent() -> None:
    """Have the kernel end this process if the host is killed."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    parent = os.getppid()
    set_parent_death_signal = 1
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _is_machinery(filename: str) -> bool:
    return (
        filename == __file__ or any(part in filename for part in _MACHINERY) or filename.endswith(f"{os.sep}runpy.py")
    )


def _is_program(filename: str, sdk: str) -> bool:
    return not _is_machinery(filename) and not filename.startswith(sdk)


def _remove_machinery(summary: traceback.TracebackException, sdk: str) -> None:
    """Remove, in place and through the chain of causes, the frames between the host and the program.

    The SDK's frames are removed, too, if a frame of the program remains.
    """
    visited: set[int] = set()
    pending: list[traceback.TracebackException | None] = [summary]
    while pending:
        link = pending.pop()
        if link is None or id(link) in visited:
            continue
        visited.add(id(link))
        frames = [frame for frame in link.stack if _is_program(frame.filename, sdk)]
        if not frames and link.exc_type is not None and not issubclass(link.exc_type, SyntaxError):
            frames = [frame for frame in link.stack if not _is_machinery(frame.filename)]
        link.stack = traceback.StackSummary.from_list(frames)
        pending += [link.__cause__, link.__context__, *(getattr(link, "exceptions", None) or ())]


def describe(error: BaseException, sdk: str) -> str:
    """Return the error as Python prints it, from the program's first frame on."""
    summary = traceback.TracebackException.from_exception(error)
    _remove_machinery(summary, sdk)
    return "".join(summary.format()).rstrip()


def sdk_patches_enabled(environment: Mapping[str, str]) -> bool:
    """True if programs run with the patches of the Pulumi SDK, the default."""
    return environment.get(SDK_PATCHES_VARIABLE, "on") != "off"


def _patch_sdk() -> None:
    """Replace parts of the Pulumi SDK that take time and have no effect on a program.

    - A module of an SDK is imported without the rest of its package. Each module begins with ``from . import outputs``,
      and that lookup loads the complete package, which is meant to be loaded on demand.
    - Debug messages are not sent: four or five calls per resource, which the engine drops unless it is verbose.
    - The SDK waits for all outputs at once. It would inspect every unknown value whenever one becomes known, which is a
      quarter of a large program's time.
    """
    import importlib

    import pulumi
    from pulumi import _utils

    pulumi.log.debug = lambda *_, **__: None
    _patch_waiting()
    lazy: Any = getattr(_utils, "_LazyModule", None)
    if lazy is None:  # the program's SDK may be another version
        return
    load_all = lazy.__getattribute__

    def load_part(module: object, name: str) -> Any:
        if name in _PARTS:
            full_name = f"{object.__getattribute__(module, '__name__')}.{name}"
            try:
                return importlib.import_module(full_name)
            except ModuleNotFoundError as error:
                if error.name != full_name:
                    raise
        return load_all(module, name)

    lazy.__getattribute__ = load_part


def _patch_waiting() -> None:
    """Before the SDK waits for a program's outputs, wait until all are known or one has failed.

    The SDK inspects all remaining outputs whenever one is known: with thousands of outputs, millions of times. A known
    output leaves the SDK's set automatically. A failed one stays there, and the SDK reports it.
    """
    import asyncio

    from pulumi.runtime import settings, stack

    if not hasattr(settings.SETTINGS, "outputs") or not hasattr(stack, "wait_for_rpcs"):
        return  # the program's SDK may be another version
    original = stack.wait_for_rpcs

    async def wait_for_rpcs(*arguments: Any, **options: Any) -> None:
        finished: set[asyncio.Future[Any]] = set()
        while settings.SETTINGS.outputs and finished.isdisjoint(settings.SETTINGS.outputs):
            waiting = set(settings.SETTINGS.outputs)
            finished, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        await original(*arguments, **options)

    stack.wait_for_rpcs = wait_for_rpcs


def _log_faults(error: Exception) -> None:
    """Append the faults of an error to the log of the run, in the form of ``pouw.engine.fault_log``."""
    import json

    path = os.environ.get(FAULT_LOG_VARIABLE)
    faults = getattr(error, "faults", None) or getattr(error.__cause__, "faults", None) or ()
    parts = ("path", "message", "got", "expected", "reason", "remedy")
    lines = "".join(
        json.dumps({"resource": "", "text": str(fault), **{part: str(getattr(fault, part, "")) for part in parts}})
        + "\n"
        for fault in faults
    )
    if path and lines:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.write(handle, lines.encode())
        os.close(handle)


def _run_program(options: str, entry: str, arguments: list[str]) -> int:
    import asyncio
    import json
    import logging
    import runpy

    try:
        import pulumi
        import pulumi.runtime
    except ImportError as error:
        print(f"the Pulumi SDK cannot be imported by {sys.executable}: {error}", file=sys.stderr)  # noqa: T201
        return 1

    if sdk_patches_enabled(os.environ):
        _patch_sdk()
    settings = json.loads(options)
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))
    sys.argv = [entry, *arguments]
    sys.path[0] = entry if os.path.isdir(entry) else os.path.dirname(entry)  # noqa: PTH112, PTH120 - start-up cost
    # The SDK leaves futures behind on purpose when a program fails, and asyncio's messages about them help no user.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def program() -> None:
        runpy.run_path(entry, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    except pulumi.RunError as error:
        _log_faults(error)
        pulumi.log.error(str(error))
        return EXIT_REPORTED
    except Exception as error:  # noqa: BLE001 - the edge of the program's process
        pulumi.log.error(describe(error, os.path.dirname(pulumi.__file__) + os.sep))  # noqa: PTH120
        return EXIT_REPORTED
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def main(arguments: list[str]) -> int:
    """Run the program, module or file that the arguments name, and return the exit status."""
    _die_with_parent()
    # The engine closes its plugins with an interrupt to their group. The host handles it, and ends this process, too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Programs create thousands of classes, and all of them stay: collecting among them takes a quarter of the time.
    gc.set_threshold(_GARBAGE)
    kind, *parameters = arguments
    if kind == "program":
        return _run_program(parameters[0], parameters[1], parameters[2:])
    import runpy

    target, *sys.argv[1:] = parameters
    sys.argv[0] = target
    if kind == "module":
        sys.path[0] = os.getcwd()  # noqa: PTH109 - start-up cost
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    else:
        del sys.path[0]
        runpy.run_path(target, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
