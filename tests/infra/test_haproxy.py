"""The balancer's configuration before the real HAProxy, over real sockets."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.haproxy import Backend, configuration, unavailable_page
from pouw.home import Home
from pouw.progress import LineProgress
from pouw.toolchain import debian


@pytest.mark.cluster
def test_haproxy_accepts_the_configuration(tmp_path: Path) -> None:
    debian.ensure({"haproxy": "haproxy"}, LineProgress(), home=Home.from_environment(os.environ))
    program = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program, "it was installed just now"
    (tmp_path / "503.http").write_text(unavailable_page(), newline="")
    text = configuration(Backend(service="localhost", max_nodes=3)).replace("/etc/haproxy", str(tmp_path))
    (tmp_path / "haproxy.cfg").write_text(text)
    done = subprocess.run(
        [program, "-c", "-f", str(tmp_path / "haproxy.cfg")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "warning" not in (done.stderr + done.stdout).lower()
