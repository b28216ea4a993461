"""``pouw-node``: run a node, probe one, print a network's genesis."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

_LIBRARY_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PROMETHEUS_DISABLE_CREATED_SERIES": "true",
}
OK, FAILED, CONFIGURATION = 0, 1, 3
_CHECK_URL = "http://127.0.0.1:8545/ready"
_CHECK_S = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong settings."""
    parser = argparse.ArgumentParser(prog="pouw-node", description="A Proof-of-Useful-Work node.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run a node with the settings in POUW_* variables")
    check = commands.add_parser("check", help="exit 0 when a node is ready, 1 otherwise")
    check.add_argument("--url", default=_CHECK_URL, help=f"what to ask; default {_CHECK_URL}")
    genesis = commands.add_parser("genesis", help="print the genesis of a network file")
    genesis.add_argument("network_file", nargs="?", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "check":
        return _check(options.url)
    return _run() if options.command == "run" else _genesis(options.network_file)


def _check(url: str) -> int:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        sys.stderr.write(f"--url: expected http://host:port/path, got {url}\n")
        return FAILED
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_CHECK_S)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        text = answer.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return FAILED
    finally:
        connection.close()
    sys.stdout.write(text.strip() + "\n")
    return OK if answer.status == http.client.OK else FAILED


def _genesis(path: Path | None) -> int:
    from node import network, settings
    from node.errors import NodeError
    from node.ledger.transition import Rules, genesis
    from node.work.dataset import load_digits

    try:
        parameters = network.load(path) if path else network.default()
        folder = settings.read(os.environ).datasets_dir
        header, _ = genesis(Rules(network=parameters, dataset=load_digits(folder)))
    except NodeError as error:
        sys.stderr.write(f"{error}\n")
        return CONFIGURATION
    sys.stdout.write(json.dumps({"genesis": "0x" + header.hash.hex(), "network_id": parameters.network_id}) + "\n")
    return OK


def _run() -> int:
    # One thread per process: the arithmetic is small and the machine is shared. Libraries read these when loaded.
    for name, value in _LIBRARY_SETTINGS.items():
        os.environ.setdefault(name, value)
    from node.errors import NodeError, SettingsError
    from node.process import run

    try:
        run(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return CONFIGURATION
    except (NodeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return OK


if __name__ == "__main__":
    sys.exit(main())
