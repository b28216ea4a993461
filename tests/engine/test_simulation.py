"""The database of a simulated cloud: several threads of several processes write to it at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pouw.engine.plugins.core.simulation import SimulatedCloud

PROCESSES, THREADS, WRITES = 3, 4, 25
_WRITER = f"""
import sys, threading
from pathlib import Path
from pouw.engine.plugins.core.simulation import Record, SimulatedCloud

cloud = SimulatedCloud(Path(sys.argv[1]))

def write(thread):
    for number in range({WRITES}):
        with cloud.transaction() as transaction:
            transaction.save(Record(
                token="aws:s3:Bucket", scope="", id=f"{{sys.argv[2]}}-{{thread}}-{{number}}", urn="urn", name=None,
                inputs={{}}, outputs={{}},
            ))

threads = [threading.Thread(target=write, args=(thread,)) for thread in range({THREADS})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_writers_in_many_threads_and_processes_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), str(number)], stderr=subprocess.PIPE, text=True)
        for number in range(PROCESSES)
    ]
    messages = [writer.communicate(timeout=120)[1] for writer in writers]
    assert messages == [""] * PROCESSES
    assert len(SimulatedCloud(tmp_path).records()) == PROCESSES * THREADS * WRITES
