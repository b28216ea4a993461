"""The Kubernetes rules on plain manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pouw.gate import manifest_check
from pouw.gate.manifest_check import ManifestError

GOOD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: server, namespace: shop}
spec:
  template:
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: server
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
"""
PRIVILEGED = "kubernetes-pods-container-deny-privileged"


def test_rules_run_on_every_document_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    bad = GOOD.replace("allowPriv", "privileged: true\n            allowPriv").replace("name: server,", "name: bad,")
    (tmp_path / "deep" / "both.yaml").write_text(f"{GOOD}---\n{bad}")
    (tmp_path / "list.yml").write_text(
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n"
    )
    verdict = manifest_check.verdict(tmp_path)
    assert verdict.red
    findings = {(finding.rule, finding.urn.rsplit("::", 1)[-1], finding.path) for finding in verdict.findings}
    path = "spec.template.spec.containers[0].securityContext.privileged"
    assert (PRIVILEGED, "shop/bad", path) in findings
    assert {name for rule, name, _ in findings if rule == PRIVILEGED} == {"shop/bad"}
    assert any(urn.endswith("shop/server") for urn in verdict.passed[PRIVILEGED])
    assert "kubernetes-networks-namespace-require-default-deny" in {finding.rule for finding in verdict.findings}


@pytest.mark.parametrize("text", ["a: [", "- 1\n", "kind: Pod\n", ""], ids=["no yaml", "a list", "no version", "empty"])
def test_a_file_that_is_not_a_manifest_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(text)
    with pytest.raises(ManifestError):
        manifest_check.verdict(tmp_path)
