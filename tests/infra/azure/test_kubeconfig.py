"""The kubeconfig of an Azure cluster."""

from __future__ import annotations

import json

from infra.azure.kubeconfig import authority, kubeconfig, listing_template

READ = "clusters: [{name: c, cluster: {server: 'https://x', certificate-authority-data: YXV0aG9yaXR5}}]"


def created(certificate_authority: str | None = "YXV0aG9yaXR5") -> str:
    """Return a kubeconfig."""
    return kubeconfig(cluster="c", host="c.example", tenant="t", certificate_authority=certificate_authority)


def test_the_kubeconfig_has_no_credential_and_names_the_login_command() -> None:
    [user] = json.loads(created())["users"]
    assert list(user["user"]) == ["exec"]
    assert user["user"]["exec"]["command"] == "kubelogin"


def test_it_trusts_the_authority_of_the_cluster() -> None:
    [cluster] = json.loads(created())["clusters"]
    assert cluster["cluster"] == {"server": "https://c.example:443", "certificate-authority-data": "YXV0aG9yaXR5"}


def test_without_an_authority_it_is_not_lax_but_refuses() -> None:
    assert "insecure" not in created(None)
    assert "certificate-authority" not in created(None)


def test_the_authority_is_read_from_the_clusters_own_kubeconfig() -> None:
    assert authority({"kubeconfig": {"type": "String", "value": READ}}) == "YXV0aG9yaXR5"


def test_there_is_no_authority_before_the_deployment_has_run() -> None:
    assert authority(None) is None
    assert authority({}) is None


def test_the_deployment_that_reads_it_makes_nothing() -> None:
    template = listing_template()
    assert template["resources"] == []
    assert list(template["outputs"]) == ["kubeconfig"]
