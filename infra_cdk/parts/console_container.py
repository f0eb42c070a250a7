"""The console's container on Fargate: an image of the project, a read-only root file system, a health check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

ROOT = Path(__file__).parents[2]
PORT = 8501
READY = "/readyz"
HEALTH_CHECK = (  # the Dockerfile's, which ECS does not read
    "CMD", "python", "-I", "-c",
    f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}{READY}', timeout=4)",
)  # fmt: skip
STOP_SECONDS = 30
LOG_BUFFER = cdk.Size.mebibytes(4)  # a page does not wait for the log; beyond this, lines are dropped
SHARES, MEBIBYTES = 1_024, 1_024  # of one virtual CPU, of one gigabyte
BOOTSTRAP_QUALIFIER = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER


def console_task(
    stack: InstallationStack, task_role: iam.Role, environment: Mapping[str, str]
) -> ecs.FargateTaskDefinition:
    """The task: one container, as large as the tier says."""
    installation = stack.installation
    size = installation.tier.console
    group = log_group(
        stack,
        "Logs",
        name=f"/takings/{installation.name('console')}",
        days=installation.tier.collector.log_retention_days,
    )
    execution_role = _execution_role(stack, group)
    task = ecs.FargateTaskDefinition(
        stack,
        "Task",
        family=installation.name("console"),
        cpu=int(size.vcpu * SHARES),
        memory_limit_mib=int(size.memory_gigabytes * MEBIBYTES),
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
        task_role=task_role.without_policy_updates(),
        execution_role=execution_role.without_policy_updates(),
        volumes=[ecs.Volume(name="tmp")],
    )
    task.node.add_dependency(execution_role)  # with its policy: else the first task cannot fetch its image
    container = task.add_container(
        "Console",
        container_name="console",
        image=ecs.ContainerImage.from_asset(
            str(ROOT), asset_name=installation.name("console"), platform=ecr_assets.Platform.LINUX_ARM64
        ),
        environment=dict(environment),
        readonly_root_filesystem=True,
        port_mappings=[ecs.PortMapping(container_port=PORT)],
        health_check=ecs.HealthCheck(
            command=list(HEALTH_CHECK),
            interval=cdk.Duration.seconds(30),
            timeout=cdk.Duration.seconds(5),
            start_period=cdk.Duration.seconds(60),
            retries=3,
        ),
        linux_parameters=_no_capabilities(stack),
        stop_timeout=cdk.Duration.seconds(STOP_SECONDS),
        logging=ecs.LogDrivers.aws_logs(
            log_group=group, stream_prefix="console", mode=ecs.AwsLogDriverMode.NON_BLOCKING, max_buffer_size=LOG_BUFFER
        ),
    )
    container.add_mount_points(ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False))  # noqa: S108
    accept(task, "Its variables are names of what was deployed; none is secret", "ECS2")
    return task


def _no_capabilities(stack: InstallationStack) -> ecs.LinuxParameters:
    linux = ecs.LinuxParameters(stack, "Linux", init_process_enabled=True)
    linux.drop_capabilities(ecs.Capability.ALL)
    return linux


def _execution_role(stack: InstallationStack, group: logs.LogGroup) -> iam.Role:
    """What ECS does before the console runs: fetch the image, open the log."""
    role = iam.Role(stack, "ExecutionRole", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    images = f"cdk-{BOOTSTRAP_QUALIFIER}-container-assets-{stack.account}-{stack.region}"
    for actions, resource in (
        (["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
         f"arn:aws:ecr:{stack.region}:{stack.account}:repository/{images}"),
        (["ecr:GetAuthorizationToken"], "*"),
        (["logs:CreateLogStream", "logs:PutLogEvents"], group.log_group_arn),
    ):  # fmt: skip
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
    accept(role, "IAM knows no resource for the token of a registry", "IAM5[Resource::*]")
    return role
