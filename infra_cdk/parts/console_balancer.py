"""The only way to the console: a load balancer that speaks HTTPS and lets signed-in readers pass."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as balancing
from aws_cdk import aws_s3 as s3
from aws_cdk.aws_elasticloadbalancingv2_actions import AuthenticateCognitoAction

from infra_cdk.parts.console_container import PORT, READY
from infra_cdk.parts.sign_in import SIGNED_IN_HOURS, SignIn
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

IDLE_MINUTES = 10  # a page's websocket may be silent while its reader reads; Streamlit's own pings come more often
DRAIN_SECONDS = 30
HTTP, HTTPS = 80, 443


def console_balancer(
    stack: InstallationStack,
    *,
    vpc: ec2.IVpc,
    service: ecs.FargateService,
    certificate: acm.ICertificate,
    signing_in: SignIn,
    logs: s3.IBucket,
) -> tuple[balancing.ApplicationLoadBalancer, balancing.ApplicationTargetGroup]:
    """A balancer in the zones of the tier, before a service that nothing else reaches; and that service's targets."""
    balancer = balancing.ApplicationLoadBalancer(
        stack,
        "Balancer",
        load_balancer_name=stack.installation.name("console"),
        vpc=vpc,
        vpc_subnets=ec2.SubnetSelection(
            subnets=vpc.public_subnets[: stack.installation.tier.network.availability_zones]
        ),
        internet_facing=True,
        drop_invalid_header_fields=True,  # a header with underscores could pass for the one that names the reader
        preserve_host_header=True,  # the console compares it with the origin of a websocket
        idle_timeout=cdk.Duration.minutes(IDLE_MINUTES),
        deletion_protection=False,  # it keeps nothing
    )
    balancer.log_access_logs(logs, "console")
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
    balancer.add_listener(
        "Https",
        port=HTTPS,
        protocol=balancing.ApplicationProtocol.HTTPS,
        certificates=[certificate],
        ssl_policy=balancing.SslPolicy.RECOMMENDED_TLS,
        open=True,
        default_action=AuthenticateCognitoAction(
            next=balancing.ListenerAction.forward([group]),
            user_pool=signing_in.pool,
            user_pool_client=signing_in.client,
            user_pool_domain=signing_in.domain,
            scope="openid email",
            session_timeout=cdk.Duration.hours(SIGNED_IN_HOURS),
        ),
    )
    balancer.add_listener(
        "Http",
        port=HTTP,
        open=True,
        default_action=balancing.ListenerAction.redirect(protocol="HTTPS", port=str(HTTPS), permanent=True),
    )
    accept(balancer, "Readers may be anywhere; who is not signed in sees the sign-in alone", "EC23")
    return balancer, group
