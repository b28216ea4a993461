"""Catalogue of other AWS services, from the EKS, ECR, IAM, KMS, S3, Backup and Budgets API references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.offline.cloud_description import CatalogueEntry, Name
from pouw.engine.plugins.offline.formats import matching

_BUCKET = Name(
    property="bucket",
    shortest=3,
    longest=63,
    pattern=r"(?!xn--|sthree-)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9](?<!-s3alias)",
    rule="lower-case letters, digits, hyphens and single dots, with a letter or digit at both ends",
    lower=True,
)
_ROLE = Name(longest=64, pattern=r"[\w+=,.@-]+", rule="letters, digits and any of +=,.@_-")
_POLICY = Name(longest=128, pattern=r"[\w+=,.@-]+", rule="letters, digits and any of +=,.@_-")

CATALOGUE: Final[Mapping[str, CatalogueEntry]] = {
    "aws:eks/cluster:Cluster": CatalogueEntry(
        replaces=[
            "name",
            "roleArn",
            "bootstrapSelfManagedAddons",
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
            "encryptionConfig.provider.keyArn",
            "encryptionConfig.resources",
            "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr",
            "outpostConfig",
        ],
        values={
            "accessConfig.authenticationMode": ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"],
            "enabledClusterLogTypes[*]": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            "encryptionConfig.resources[*]": ["secrets"],
            "kubernetesNetworkConfig.ipFamily": ["ipv4", "ipv6"],
            "upgradePolicy.supportType": ["STANDARD", "EXTENDED"],
        },
        formats={"version": matching(r"1\.\d+", "a Kubernetes minor version such as 1.34")},
        name=Name(longest=100, pattern=r"[0-9A-Za-z][\w-]*", rule="letters, digits, hyphens and underscores"),
        computed={
            "endpoint": "https://{hash32upper}.gr7.{region}.eks.amazonaws.com",
            "certificateAuthority": {"data": "{certificate}"},
            "identities": [{"oidcs": [{"issuer": "https://oidc.eks.{region}.amazonaws.com/id/{hash32upper}"}]}],
            "platformVersion": "eks.1",
            "status": "ACTIVE",
            "vpcConfig.clusterSecurityGroupId": "sg-{hash17}",
            "vpcConfig.vpcId": "vpc-{hash17}",
        },
        protects="deletionProtection",
        id="{name}",
    ),
    "aws:eks/nodeGroup:NodeGroup": CatalogueEntry(
        replaces=[
            "amiType",
            "capacityType",
            "clusterName",
            "diskSize",
            "instanceTypes",
            "launchTemplate.id",
            "launchTemplate.name",
            "nodeGroupName",
            "nodeRoleArn",
            "remoteAccess",
            "subnetIds",
        ],
        values={"capacityType": ["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]},
        name=Name(property="nodeGroupName", longest=63, pattern=r"[0-9A-Za-z][\w-]*", rule="letters, digits, - and _"),
        computed={
            "status": "ACTIVE",
            "resources": [
                {"autoscalingGroups": [{"name": "eks-{nodeGroupName}-{uuid}"}], "remoteAccessSecurityGroupId": ""}
            ],
        },
        id="{clusterName}:{nodeGroupName}",
    ),
    "aws:eks/addon:Addon": CatalogueEntry(
        replaces=["addonName", "clusterName"],
        values={
            "resolveConflictsOnCreate": ["NONE", "OVERWRITE"],
            "resolveConflictsOnUpdate": ["NONE", "OVERWRITE", "PRESERVE"],
        },
        id="{clusterName}:{addonName}",
    ),
    "aws:eks/accessEntry:AccessEntry": CatalogueEntry(
        replaces=["clusterName", "principalArn", "type"],
        values={
            "type": ["STANDARD", "EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX"]
        },
        id="{clusterName}:{principalArn}",
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": CatalogueEntry(
        replaces=["clusterName", "policyArn", "principalArn", "accessScope"],
        values={"accessScope.type": ["cluster", "namespace"]},
        id="{clusterName}#{principalArn}#{policyArn}",
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": CatalogueEntry(
        replaces=["clusterName", "namespace", "serviceAccount"], id="a-{hash17}"
    ),
    "aws:ecr/repository:Repository": CatalogueEntry(
        replaces=["name", "encryptionConfigurations"],
        values={
            "imageTagMutability": ["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"],
            "encryptionConfigurations[*].encryptionType": ["AES256", "KMS", "KMS_DSSE"],
        },
        name=Name(
            shortest=2,
            longest=256,
            pattern=r"[a-z0-9]+(?:[._/-][a-z0-9]+)*",
            rule="lower-case letters and digits, parted by single . _ - or /",
            lower=True,
        ),
        computed={"registryId": "{account}", "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}"},
        id="{name}",
    ),
    "aws:iam/role:Role": CatalogueEntry(
        replaces=["name", "namePrefix", "path"],
        name=_ROLE,
        computed={"arn": "arn:aws:iam::{account}:role/{name}"},
        id="{name}",
    ),
    "aws:iam/policy:Policy": CatalogueEntry(
        replaces=["name", "namePrefix", "path", "description"],
        name=_POLICY,
        computed={"arn": "arn:aws:iam::{account}:policy/{name}"},
        id="arn:aws:iam::{account}:policy/{name}",
    ),
    "aws:iam/rolePolicy:RolePolicy": CatalogueEntry(replaces=["name", "role"], name=_POLICY, id="{role}:{name}"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": CatalogueEntry(
        replaces=["role", "policyArn"], id="{role}-{hash17}"
    ),
    "aws:iam/instanceProfile:InstanceProfile": CatalogueEntry(replaces=["name", "path"], name=_POLICY, id="{name}"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": CatalogueEntry(replaces=["url"], id="{arn}"),
    "aws:kms/key:Key": CatalogueEntry(
        replaces=["customKeyStoreId", "keyUsage", "customerMasterKeySpec", "multiRegion", "xksKeyId"],
        values={
            "keyUsage": ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"],
            "customerMasterKeySpec": [
                "SYMMETRIC_DEFAULT",
                "RSA_2048",
                "RSA_3072",
                "RSA_4096",
                "HMAC_224",
                "HMAC_256",
                "HMAC_384",
                "HMAC_512",
                "ECC_NIST_P256",
                "ECC_NIST_P384",
                "ECC_NIST_P521",
                "ECC_SECG_P256K1",
                "ECC_NIST_EDWARDS25519",
                "ML_DSA_44",
                "ML_DSA_65",
                "ML_DSA_87",
                "SM2",
            ],
        },
        computed={"keyId": "{uuid}", "arn": "arn:aws:kms:{region}:{account}:key/{uuid}"},
        id="{uuid}",
    ),
    "aws:kms/alias:Alias": CatalogueEntry(
        replaces=["name"],
        name=Name(longest=256, pattern=r"alias/(?!aws/)[\w/-]+", rule="alias/ and letters, digits and any of /_-"),
        id="{name}",
    ),
    "aws:s3/bucket:Bucket": CatalogueEntry(
        replaces=["bucket", "bucketPrefix", "objectLockEnabled"],
        name=_BUCKET,
        unique=True,
        computed={
            "arn": "arn:aws:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
        },
        id="{bucket}",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": CatalogueEntry(
        replaces=["bucket"],
        values={"versioningConfiguration.status": ["Enabled", "Suspended", "Disabled"]},
        id="{bucket}",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": CatalogueEntry(
        replaces=["bucket"],
        values={"rules[*].applyServerSideEncryptionByDefault.sseAlgorithm": ["AES256", "aws:kms", "aws:kms:dsse"]},
        id="{bucket}",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": CatalogueEntry(replaces=["bucket"], id="{bucket}"),
    "aws:s3/bucketPolicy:BucketPolicy": CatalogueEntry(replaces=["bucket"], id="{bucket}"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": CatalogueEntry(
        replaces=["bucket"], values={"rules[*].status": ["Enabled", "Disabled"]}, id="{bucket}"
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": CatalogueEntry(
        replaces=["bucket"],
        values={"objectLockEnabled": ["Enabled"], "rule.defaultRetention.mode": ["COMPLIANCE", "GOVERNANCE"]},
        id="{bucket}",
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": CatalogueEntry(replaces=["bucket"], id="{bucket}"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": CatalogueEntry(
        replaces=["bucket"],
        values={"rule.objectOwnership": ["BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"]},
        id="{bucket}",
    ),
    "aws:backup/vault:Vault": CatalogueEntry(
        replaces=["name", "kmsKeyArn"],
        name=Name(shortest=2, longest=50, pattern=r"[A-Za-z0-9_-]+", rule="letters, digits, hyphens and underscores"),
        id="{name}",
    ),
    "aws:backup/plan:Plan": CatalogueEntry(id="{uuid}"),
    "aws:backup/selection:Selection": CatalogueEntry(
        replaces=["iamRoleArn", "name", "planId", "resources"], id="{uuid}"
    ),
    "aws:budgets/budget:Budget": CatalogueEntry(
        replaces=["name", "namePrefix", "accountId"],
        values={
            "budgetType": [
                "COST",
                "USAGE",
                "SAVINGS_PLANS_UTILIZATION",
                "SAVINGS_PLANS_COVERAGE",
                "RI_UTILIZATION",
                "RI_COVERAGE",
            ],
            "timeUnit": ["MONTHLY", "QUARTERLY", "ANNUALLY", "DAILY", "CUSTOM"],
        },
        name=Name(longest=100, pattern=r"[^:\\]+", rule="a text without : and \\"),
        id="{account}:{name}",
    ),
    "aws:cloudwatch/logGroup:LogGroup": CatalogueEntry(
        replaces=["name", "namePrefix", "logGroupClass"],
        values={"logGroupClass": ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]},
        name=Name(longest=512, pattern=r"[\w./#-]+", rule="letters, digits and any of ./#_-"),
        id="{name}",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": CatalogueEntry(replaces=["name"], name=Name(longest=255), id="{name}"),
    "aws:sns/topic:Topic": CatalogueEntry(
        replaces=["name", "namePrefix", "fifoTopic"],
        name=Name(longest=256, pattern=r"[\w-]+(\.fifo)?", rule="letters, digits, hyphens and underscores"),
        id="{arn}",
    ),
    "aws:sqs/queue:Queue": CatalogueEntry(
        replaces=["name", "namePrefix", "fifoQueue"],
        name=Name(longest=80, pattern=r"[\w-]+(\.fifo)?", rule="letters, digits, hyphens and underscores"),
        id="https://sqs.{region}.amazonaws.com/{account}/{name}",
    ),
    "aws:secretsmanager/secret:Secret": CatalogueEntry(
        replaces=["name", "namePrefix"],
        name=Name(longest=512, pattern=r"[\w/+=.@-]+", rule="letters, digits and any of /_+=.@-"),
        id="{arn}",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": CatalogueEntry(replaces=["repository"], id="{repository}"),
    "aws:sns/topicPolicy:TopicPolicy": CatalogueEntry(replaces=["arn"], id="{arn}"),
    "aws:sns/topicSubscription:TopicSubscription": CatalogueEntry(
        replaces=["endpoint", "endpointAutoConfirms", "protocol", "topic"],
        values={
            "protocol": ["sqs", "sms", "lambda", "firehose", "application", "email", "email-json", "http", "https"],
        },
        id="{topic}:{uuid}",
    ),
}
