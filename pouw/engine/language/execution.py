"""Runs one Pulumi program, policy pack or plugin. The host starts it as a file, with the *program's* interpreter.

That may be another one than the host's, so this file imports nothing of ours: only the standard library and, once it
needs it, the program's own ``pulumi``.

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
from typing import Any

EXIT_REPORTED = 32
"""The program failed and the engine has been told why: nothing more is to be said."""

FAULT_LOG_VARIABLE = "POUW_FAULT_LOG"
"""Variable of ``pouw.engine.fault_log``, which this file cannot import."""
_GARBAGE = 100_000
"""Objects between two collections."""
_PARTS = frozenset({"outputs", "_inputs", "_enums"})
"""Modules that every package of an SDK has, and that say what its resources are made of."""
_MACHINERY = ("<frozen ", f"{os.sep}asyncio{os.sep}", f"{os.sep}concurrent{os.sep}futures{os.sep}")


def _die_with_parent() -> None:
    """The host may be killed without a chance to end us: then the kernel does it."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    parent = os.getppid()
    set_parent_death_signal = 1
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _is_ours(filename: str) -> bool:
    return (
        filename == __file__ or any(part in filename for part in _MACHINERY) or filename.endswith(f"{os.sep}runpy.py")
    )


def _is_users(filename: str, sdk: str) -> bool:
    return not _is_ours(filename) and not filename.startswith(sdk)


def _without_machinery(told: traceback.TracebackException, sdk: str) -> None:
    """Drop, in place and through the chain of causes, the frames that lead from the host into the program.

    The SDK's frames go, too, as soon as one of the user's is left: they are between two of his, or below the last.
    """
    seen: set[int] = set()
    rest: list[traceback.TracebackException | None] = [told]
    while rest:
        one = rest.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        kept = [frame for frame in one.stack if _is_users(frame.filename, sdk)]
        if not kept and one.exc_type is not None and not issubclass(one.exc_type, SyntaxError):
            kept = [frame for frame in one.stack if not _is_ours(frame.filename)]
        one.stack = traceback.StackSummary.from_list(kept)
        rest += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]


def describe(error: BaseException, sdk: str) -> str:
    """The error as Python prints it, from the user's first frame on."""
    told = traceback.TracebackException.from_exception(error)
    _without_machinery(told, sdk)
    return "".join(told.format()).rstrip()


def _spare_time() -> None:
    """Leave out what a program pays for and nobody sees.

    - The whole of an SDK's package for one of its modules: each begins with ``from . import outputs``, and looking for
      that name in a package that is loaded on demand loads all of it.
    - Debug messages, four or five calls of the engine a resource, which it drops unless it was told to be verbose.
    - Looking at each value that is not known yet whenever one becomes known, a quarter of a large program's time.
    """
    import importlib

    import pulumi
    from pulumi import _utils

    pulumi.log.debug = lambda *_, **__: None
    _wait_for_all_at_once()
    lazy: Any = getattr(_utils, "_LazyModule", None)
    if lazy is None:  # the program's SDK may be another one than ours
        return
    load_all = lazy.__getattribute__

    def load_part(module: object, name: str) -> Any:
        if name in _PARTS:
            whole = f"{object.__getattribute__(module, '__name__')}.{name}"
            try:
                return importlib.import_module(whole)
            except ModuleNotFoundError as error:
                if error.name != whole:
                    raise
        return load_all(module, name)

    lazy.__getattribute__ = load_part


def _wait_for_all_at_once() -> None:
    """Before the SDK waits for a program's outputs, wait until all are known or one has failed.

    The SDK asks every output that is left anew whenever one is known: with thousands, that is millions of times. One
    that is known leaves the SDK's set by itself, and one that failed stays there, for the SDK to tell.
    """
    import asyncio

    from pulumi.runtime import settings, stack

    if not hasattr(settings.SETTINGS, "outputs") or not hasattr(stack, "wait_for_rpcs"):
        return  # the program's SDK may be another one than ours
    wait_as_the_sdk_does = stack.wait_for_rpcs

    async def wait_for_rpcs(*arguments: Any, **named: Any) -> None:
        ended: set[asyncio.Future[Any]] = set()
        while settings.SETTINGS.outputs and ended.isdisjoint(settings.SETTINGS.outputs):
            waiting = set(settings.SETTINGS.outputs)
            ended, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        await wait_as_the_sdk_does(*arguments, **named)

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

    _spare_time()
    settings = json.loads(options)
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))
    sys.argv = [entry, *arguments]
    sys.path[0] = entry if os.path.isdir(entry) else os.path.dirname(entry)  # noqa: PTH112, PTH120 - start-up cost
    # The SDK leaves futures behind when a program fails, on purpose; what asyncio says of them helps nobody.
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
    """Run what the arguments name; the exit status."""
    _die_with_parent()
    # The engine closes its plugins with an interrupt to the whole group: the host answers it, and takes us along.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Thousands of classes are made, and all of them stay: looking for garbage among them is a quarter of the time.
    gc.set_threshold(_GARBAGE)
    kind, *rest = arguments
    if kind == "program":
        return _run_program(rest[0], rest[1], rest[2:])
    import runpy

    target, *sys.argv[1:] = rest
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
