"""The load balancer: HTTPS for the console's readers, and for senders where it takes their requests.

A host name that it does not know is answered with 404. Who may see the console is decided by the console's own rule.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as balancing
from aws_cdk import aws_elasticloadbalancingv2_targets as lambda_targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra_cdk.installation import BALANCER, COLLECTOR_ADDRESS, RECOMMENDATIONS, Installation
from infra_cdk.parts.addresses import CONSOLE, EVENTS, Address
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.parts.web_acl import web_acl
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.network import Network

# a page's websocket may be silent while its reader reads, and a tracker keeps its connection between two windows
IDLE_MINUTES = 10
HTTP, HTTPS = 80, 443
RECOMMENDATIONS_PRIORITY, EVENTS_PRIORITY, CONSOLE_PRIORITY = 5, 10, 20  # of the rules: the first that matches


class Balancer(InstallationStack):
    """The load balancer, its web ACL, certificate and addresses.

    Attributes
    ----------
    listener : that of HTTPS; the console adds its own rule
    console : address of the console
    """

    part = BALANCER

    def __init__(
        self,
        scope: Construct,
        installation: Installation,
        network: Network,
        collector: lambda_.IFunction,
        recommendations: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, installation, "Takings: the load balancer of the console and of senders")
        domain = installation.configuration.domain
        if domain is None:
            raise ValueError("A load balancer needs a domain for its certificate")
        self.console = Address(self, CONSOLE, domain)
        events = Address(self, EVENTS, domain) if installation.is_balanced else None
        balancer = self._balancer(network)
        self.listener = self._listener(balancer, [address for address in (self.console, events) if address])
        self._protected(balancer)
        for address in filter(None, (self.console, events)):
            address.records(targets.LoadBalancerTarget(balancer), ipv6=False)
        self.watched = {"load-balancer": balancer.load_balancer_full_name}
        if events is not None:
            group = self._forward("Collector", collector, "Events", EVENTS_PRIORITY, [events.host])
            paths = [RECOMMENDATIONS, f"{RECOMMENDATIONS}/*"]
            self._forward(
                "Recommend", recommendations, "Recommendations", RECOMMENDATIONS_PRIORITY, [events.host], paths
            )
            self.watched["collector-targets"] = group.target_group_full_name
            self.takes_requests_at = f"https://{events.host}"
            self.output(COLLECTOR_ADDRESS, self.takes_requests_at, "Where senders send events")

    def _balancer(self, network: Network) -> balancing.ApplicationLoadBalancer:
        zones = self.installation.tier.network.availability_zones
        balancer = balancing.ApplicationLoadBalancer(
            self,
            "Balancer",
            load_balancer_name=self.installation.prefix,
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=network.vpc.public_subnets[:zones]),
            internet_facing=True,
            drop_invalid_header_fields=True,  # a header with underscores could pass for the one that names the reader
            preserve_host_header=True,  # the console compares it with the origin of a websocket
            idle_timeout=cdk.Duration.minutes(IDLE_MINUTES),
            deletion_protection=False,  # it keeps nothing
        )
        accept(balancer, "Senders and readers may be anywhere", "EC23")
        accept(balancer, "Its access logs would hold write keys, which travel in the query", "ELB2")
        return balancer

    def _listener(
        self, balancer: balancing.ApplicationLoadBalancer, addresses: list[Address]
    ) -> balancing.ApplicationListener:
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=addresses[0].host,
            subject_alternative_names=[address.host for address in addresses[1:]] or None,
            validation=acm.CertificateValidation.from_dns(addresses[0].zone),
        )
        balancer.add_listener(
            "Http",
            port=HTTP,
            open=True,
            default_action=balancing.ListenerAction.redirect(protocol="HTTPS", port=str(HTTPS), permanent=True),
        )
        return balancer.add_listener(
            "Https",
            port=HTTPS,
            protocol=balancing.ApplicationProtocol.HTTPS,
            certificates=[certificate],
            ssl_policy=balancing.SslPolicy.RECOMMENDED_TLS,
            open=True,
            default_action=balancing.ListenerAction.fixed_response(
                404, content_type="text/plain", message_body="There is nothing at this address."
            ),
        )

    def _protected(self, balancer: balancing.ApplicationLoadBalancer) -> None:
        waf.CfnWebACLAssociation(
            self,
            "WebAclAssociation",
            resource_arn=balancer.load_balancer_arn,
            web_acl_arn=web_acl(self, "REGIONAL").attr_arn,
        )

    def _forward(
        self,
        group_id: str,
        function: lambda_.IFunction,
        rule_id: str,
        priority: int,
        hosts: list[str],
        paths: list[str] | None = None,
    ) -> balancing.ApplicationTargetGroup:
        """Requests of senders go to the functions themselves, which read what a load balancer sends as well."""
        group = balancing.ApplicationTargetGroup(
            self,
            group_id,
            target_type=balancing.TargetType.LAMBDA,
            targets=[lambda_targets.LambdaTarget(function)],
        )
        conditions = [balancing.ListenerCondition.host_headers(hosts)]
        if paths:
            conditions.append(balancing.ListenerCondition.path_patterns(paths))
        balancing.ApplicationListenerRule(
            self,
            rule_id,
            listener=self.listener,
            priority=priority,
            conditions=conditions,
            action=balancing.ListenerAction.forward([group]),
        )
        return group
