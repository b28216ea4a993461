"""A stack of the real engine on a file backend, with this provider, in its own folder."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pouw.engine.resolution import Engine

_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation of a plan."""

    op: str
    changes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A driver of the CLI with an empty passphrase."""

    folder: Path
    engine: Engine
    kubeconfig: str

    @classmethod
    def make(cls, folder: Path, engine: Engine, program: str, kubeconfig: str, *, project: str = "fidelity") -> Stack:
        (folder / "backend").mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        (folder / "__main__.py").write_text(program)
        stack = cls(folder=folder, engine=engine, kubeconfig=kubeconfig)
        stack.run("stack", "init", "dev", "--secrets-provider", "passphrase")
        return stack

    @property
    def environment(self) -> dict[str, str]:
        ambient = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        return {
            **self.engine.environment(ambient),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_BACKEND_URL": (self.folder / "backend").as_uri(),
            "KUBECONFIG": self.kubeconfig,
            "HOME": str(self.folder),
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.engine.path), *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Return the output and errors of a command, which must end as expected."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=_SECONDS)
        assert (process.returncode != 0) is fails, output
        return output

    def up(self, *arguments: str, fails: bool = False) -> str:
        return self.run("up", "--yes", "--skip-preview", *arguments, fails=fails)

    def rewrite(self, old: str, new: str) -> None:
        program = self.folder / "__main__.py"
        text = program.read_text()
        assert old in text
        program.write_text(text.replace(old, new))

    def preview(self, settings: Mapping[str, str] | None = None) -> dict[str, Step]:
        """Return the steps that change something by the resource's name, with its type if the name occurs twice."""
        folder_settings = (self.folder / "Pulumi.dev.yaml").read_text()
        config = "".join(f"  fidelity:{key}: {json.dumps(value)}\n" for key, value in (settings or {}).items())
        environment = self.folder / "given.yaml"
        environment.write_text(folder_settings + (f"config:\n{config}" if config else ""))
        process = subprocess.run(
            [str(self.engine.path), "preview", "--json", "--non-interactive", "--config-file", str(environment)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        steps = json.loads(process.stdout)["steps"]
        return {
            _short(step["urn"]): Step(
                op=step["op"], changes={path: one["kind"] for path, one in (step.get("detailedDiff") or {}).items()}
            )
            for step in steps
            if step["op"] != "same"
        }

    def resources(self, *, secrets: bool = False) -> dict[str, Any]:
        arguments = ["stack", "export", *(["--show-secrets"] if secrets else [])]
        exported = json.loads(self.run(*arguments))
        return {_short(one["urn"]): one for one in exported["deployment"].get("resources") or []}


def _short(urn: str) -> str:
    token, name = urn.split("::")[-2:]
    return f"{token.rsplit(':', 1)[-1]} {name}"
