"""Programs with the real SDKs, one resource of each sort that a site is made of."""

from __future__ import annotations

AWS = """
    import json

    import pulumi
    import pulumi_kubernetes as kubernetes
    from pulumi_aws.ec2.subnet import Subnet
    from pulumi_aws.ec2.vpc import Vpc
    from pulumi_aws.eks.cluster import Cluster
    from pulumi_aws.iam.role import Role
    from pulumi_aws.s3.bucket import Bucket
    from pulumi_kubernetes.core.v1 import ConfigMap, Service

    config = pulumi.Config()
    network = Vpc("network", cidr_block=config.get("range") or "10.0.0.0/16", tags={"owner": "pouw"})
    subnets = [
        Subnet(f"subnet-{zone}", vpc_id=network.id, cidr_block=f"10.0.{index}.0/24", availability_zone=zone)
        for index, zone in enumerate(["eu-west-1a", "eu-west-1b", "eu-west-1c"])
    ]
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": ["eks.amazonaws.com"]}}
    role = Role("role", assume_role_policy={"Version": "2012-10-17", "Statement": [statement]})
    data = Bucket("data", tags={"secret": config.get_secret("word") or "none"})
    cluster = Cluster(
        "cluster",
        name="some",
        role_arn=role.arn,
        vpc_config={"subnet_ids": [subnet.id for subnet in subnets]},
        access_config={"authentication_mode": "API"},
        deletion_protection=config.get_bool("protected") or False,
    )


    def kubeconfig(arguments):
        server, authority = arguments
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "some",
                "contexts": [{"name": "some", "context": {"cluster": "some", "user": "some"}}],
                "clusters": [{"name": "some", "cluster": {"server": server, "certificate-authority-data": authority}}],
                "users": [{"name": "some", "user": {"token": "none"}}],
            }
        )


    reached = pulumi.Output.all(cluster.endpoint, cluster.certificate_authority.data).apply(kubeconfig)
    inside = pulumi.ResourceOptions(provider=kubernetes.Provider("inside", kubeconfig=reached))
    ConfigMap("settings", data={"network": network.id}, opts=inside)
    ports = [{"port": 80}]
    service = Service("door", spec={"type": "LoadBalancer", "ports": ports, "selector": {"a": "b"}}, opts=inside)
    pulumi.export("endpoint", cluster.endpoint)
    pulumi.export("role", role.arn)
    pulumi.export("group", cluster.vpc_config.cluster_security_group_id)
    pulumi.export("address", service.status.load_balancer.ingress[0].ip)
"""
AWS_CONFIG = {"aws:region": "eu-west-1"}
AWS_RESOURCES = 11
"""Number of resources: the stack, the provider and those of the program, without the default provider."""

OTHER_CLOUDS = """
    import pulumi
    from pulumi_azure_native.authorization.get_client_config import get_client_config
    from pulumi_azure_native.resources.resource_group import ResourceGroup
    from pulumi_azure_native.storage.storage_account import StorageAccount
    from pulumi_docker.image import Image
    from pulumi_gcp.compute.get_zones import get_zones
    from pulumi_gcp.kms.key_ring import KeyRing
    from pulumi_gcp.storage.bucket import Bucket

    group = ResourceGroup("group")
    account = StorageAccount("account", resource_group_name=group.name, kind="StorageV2", sku={"name": "Standard_ZRS"})
    ring = KeyRing("ring", location="europe-west1")
    bucket = Bucket("bucket", location="EU", public_access_prevention="enforced")
    image = Image("image", image_name="registry.example:5000/some/node:1", build={"context": "."}, skip_push=True)
    pulumi.export("subscription", get_client_config().subscription_id)
    pulumi.export("group", group.id)
    pulumi.export("blobs", account.primary_endpoints.blob)
    pulumi.export("zones", get_zones(region="europe-west1").names)
    pulumi.export("ring", ring.id)
    pulumi.export("bucket", bucket.url)
    pulumi.export("digest", image.repo_digest)
"""
OTHER_CLOUDS_CONFIG = {
    "azure-native:location": "westeurope",
    "gcp:project": "some-project",
    "gcp:region": "europe-west1",
}
OTHER_CLOUDS_RESOURCES = 6

CHAIN = """
    import pulumi


    class Key(pulumi.CustomResource):
        arn: pulumi.Output[str]

        def __init__(self, name, description):
            super().__init__("aws:kms/key:Key", name, {"description": description, "arn": None})


    description = "the first"
    for number in range(pulumi.Config().require_int("keys")):
        description = Key(f"key{number}", description).arn
"""
"""Keys, each of which waits for the one before it."""

RAW = """
    import json

    import pulumi


    class Raw(pulumi.CustomResource):
        def __init__(self, token, name, inputs):
            super().__init__(token, name, inputs)


    config = pulumi.Config()
    inputs = json.loads(config.require("inputs"))
    if config.get("hidden"):
        inputs[config.get("hidden")] = pulumi.Output.secret(inputs[config.get("hidden")])
    Raw(config.require("type"), "some", inputs)
"""
"""One resource whose inputs only the provider checks."""
