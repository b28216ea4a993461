"""The cluster of a site, as it is declared."""

from __future__ import annotations

import json

from infra.aws import addons
from infra.aws.cluster import client_configuration, reachability
from infra.aws.settings import AwsCluster
from tests.infra.aws.declared import SITE, compliant, declared, settings
from tests.infra.clouds import kind


def test_the_api_server_is_private_unless_somebody_is_named() -> None:
    assert reachability(AwsCluster()) == {"endpoint_private_access": True, "endpoint_public_access": False}
    named = reachability(AwsCluster(api_allow_from=("198.51.100.0/24",)))
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
    assert cluster.inputs["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    groups = {
        one.inputs["principalArn"]: one.inputs.get("kubernetesGroups") for one in kind(compliant(), "AccessEntry")
    }
    [administrator] = SITE["cluster"]["administrators"]
    assert groups.pop(administrator) is None
    assert list(groups.values()) == [["pouw-observers"]]


def test_those_who_are_named_administer_the_whole_cluster_and_nobody_else_does() -> None:
    rights = [one.inputs for one in kind(compliant(), "AccessPolicyAssociation")]
    assert [one["principalArn"] for one in rights] == list(SITE["cluster"]["administrators"])
    assert [one["accessScope"] for one in rights] == [{"type": "cluster"}]
    assert rights[0]["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")


def test_every_add_on_has_the_reviewed_version_or_the_one_that_the_settings_name() -> None:
    reviewed = addons.REVIEWED["1.34"]
    assert {one.inputs["addonName"]: one.inputs["addonVersion"] for one in kind(compliant(), "Addon")} == reviewed
    own = settings({"cluster": {**SITE["cluster"], "addons": {"coredns": "v1.14.3-eksbuild.3"}}})
    found = {one.inputs["addonName"]: one.inputs["addonVersion"] for one in kind(declared(own), "Addon")}
    assert found == {**reviewed, "coredns": "v1.14.3-eksbuild.3"}


def test_every_version_that_was_reviewed_has_all_add_ons() -> None:
    assert all(set(versions) == set(addons.ADDONS) for versions in addons.REVIEWED.values())
    assert AwsCluster().version in addons.REVIEWED


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
