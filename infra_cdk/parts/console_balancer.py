"""How the load balancer reaches the console: readers who have signed in, and nobody else."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as balancing
from aws_cdk.aws_elasticloadbalancingv2_actions import AuthenticateCognitoAction

from infra_cdk.parts.console_container import PORT, READY
from infra_cdk.parts.sign_in import SIGNED_IN_HOURS, SignIn
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks.balancer import CONSOLE_PRIORITY, Balancer

DRAIN_SECONDS = 30


def behind_the_balancer(
    stack: InstallationStack, balancer: Balancer, *, vpc: ec2.IVpc, service: ecs.FargateService, signing_in: SignIn
) -> balancing.ApplicationTargetGroup:
    """The console's rule of the load balancer; gives the targets, which are the tasks of a service."""
    group = balancing.ApplicationTargetGroup(
        stack,
        "Tasks",
        vpc=vpc,
        port=PORT,
        protocol=balancing.ApplicationProtocol.HTTP,
        target_type=balancing.TargetType.IP,
        targets=[service],
        deregistration_delay=cdk.Duration.seconds(DRAIN_SECONDS),
        stickiness_cookie_duration=cdk.Duration.hours(SIGNED_IN_HOURS),  # a session of Streamlit is in one process
        health_check=balancing.HealthCheck(
            path=READY, healthy_http_codes="200", interval=cdk.Duration.seconds(15), healthy_threshold_count=2
        ),
    )
    balancing.ApplicationListenerRule(
        stack,
        "ReadersRule",
        listener=balancer.listener,
        priority=CONSOLE_PRIORITY,
        conditions=[balancing.ListenerCondition.host_headers([balancer.console.host])],
        action=AuthenticateCognitoAction(
            next=balancing.ListenerAction.forward([group]),
            user_pool=signing_in.pool,
            user_pool_client=signing_in.client,
            user_pool_domain=signing_in.domain,
            scope="openid email",
            session_timeout=cdk.Duration.hours(SIGNED_IN_HOURS),
        ),
    )
    return group
