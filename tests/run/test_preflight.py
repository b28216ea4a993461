"""The checks before a bring-up."""

from __future__ import annotations

import os
import socket

from infra.settings.stack import Exposure
from pouw.run import preconditions


def test_a_listening_port_is_reported_with_its_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert preconditions.listeners()[port].endswith(f"(process {os.getpid()})")
    assert port not in preconditions.listeners()


def test_only_required_ports_in_use_are_faults() -> None:
    exposure = Exposure(type="NodePort", rpc_node_port=8545, ws_node_port=8546)
    [fault] = preconditions.port_faults(exposure, {8546: "anvil (process 7)", 9999: "x"})
    assert fault.path == "pouw:balancer.exposure.wsNodePort"
    assert fault.got == "8546, held by anvil (process 7)"
