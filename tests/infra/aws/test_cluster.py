"""The cluster of a site, as it is declared."""

from __future__ import annotations

import json

from infra.aws.cluster import client_configuration, reachability
from infra.sites import Cluster
from tests.infra.aws.declared import compliant
from tests.infra.clouds import kind


def test_the_api_server_is_private_unless_somebody_is_named() -> None:
    assert reachability(Cluster()) == {"endpoint_private_access": True, "endpoint_public_access": False}
    named = reachability(Cluster(api_allow_from=("198.51.100.0/24",)))
    assert named["endpoint_public_access"] is True
    assert named["public_access_cidrs"] == ["198.51.100.0/24"]


def test_the_kubeconfig_asks_for_a_token_and_holds_no_credential() -> None:
    made = client_configuration("pouw", "https://cluster.example", "Y2VydA==", region="us-east-1")
    [user] = made["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "aws"
    assert not any(word in json.dumps(made) for word in ("token:", "password", "client-key"))


def test_identities_are_let_in_by_entries_alone() -> None:
    [cluster] = kind(compliant(), "Cluster")
    assert cluster.inputs["accessConfig"]["authenticationMode"] == "API"
    [entry] = kind(compliant(), "AccessEntry")
    assert entry.inputs["kubernetesGroups"] == ["pouw-observers"]


def test_networking_enforces_policies_and_every_add_on_is_ours() -> None:
    found = compliant()
    addons = {one.inputs["addonName"]: one.inputs for one in kind(found, "Addon")}
    assert set(addons) == {"aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"}
    assert json.loads(addons["vpc-cni"]["configurationValues"]) == {"enableNetworkPolicy": "true"}
    assert kind(found, "Cluster")[0].inputs["bootstrapSelfManagedAddons"] is False


def test_add_ons_that_speak_to_aws_have_a_role_of_their_own() -> None:
    addons = kind(compliant(), "Addon")
    assert {one.inputs["addonName"] for one in addons if one.inputs.get("podIdentityAssociations")} == {
        "aws-ebs-csi-driver",
        "vpc-cni",
    }
