"""AWS Config: records the resources that Security Hub's controls check, and nothing else."""

from __future__ import annotations

from aws_cdk import aws_config as config
from aws_cdk import aws_iam as iam

from infra_cdk.parts.principals import service_of_account
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

PREFIX = "config"
TYPES = (  # what the stacks make and controls check, and who may do what. Each change of one costs $0.003
    "AWS::ACM::Certificate",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Athena::WorkGroup",
    "AWS::CloudFormation::Stack",
    "AWS::DynamoDB::Table",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ECR::Repository",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Glue::Job",
    "AWS::IAM::Group",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
)


def recorder(stack: InstallationStack, bucket: str) -> config.CfnConfigurationRecorder:
    """The recorder of an account and region, and the channel that brings its records to a bucket.

    It records each change. Once a day would cost $0.012 for each resource that changed: these change less than four
    times a day.
    """
    role = iam.Role(stack, "RecorderRole", assumed_by=service_of_account(stack, "config"))
    described = "service-role/AWS_ConfigRole"
    role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(described))
    accept(
        role,
        "AWS keeps in it what has to be read to describe each type of resource",
        f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{described}]",
    )
    objects = f"arn:aws:s3:::{bucket}/{PREFIX}/AWSLogs/{stack.account}/*"
    role.add_to_policy(iam.PolicyStatement(actions=["s3:PutObject"], resources=[objects]))
    role.add_to_policy(
        iam.PolicyStatement(actions=["s3:GetBucketAcl", "s3:ListBucket"], resources=[f"arn:aws:s3:::{bucket}"])
    )
    accept(role, "Config names its records", f"IAM5[Resource::{objects}]")
    made = config.CfnConfigurationRecorder(
        stack,
        "Recorder",
        role_arn=role.role_arn,
        recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
            all_supported=False, include_global_resource_types=False, resource_types=list(TYPES)
        ),
    )
    channel = config.CfnDeliveryChannel(stack, "Channel", s3_bucket_name=bucket, s3_key_prefix=PREFIX)
    for resource in (made, channel):
        resource.node.add_dependency(role)
    return made
