"""Addresses below the domain of an installation: host names, certificates, records. Nothing is looked up."""

from __future__ import annotations

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53

from infra_cdk.configuration import Domain
from infra_cdk.parts.stack import InstallationStack

EVENTS, CONSOLE = "events", "console"


class Address:
    """The address of one service, such as ``events.shop.example``, made in a stack; `address_of` makes it.

    Attributes
    ----------
    host : the host name
    zone : the hosted zone that has its records
    """

    def __init__(self, stack: InstallationStack, service: str, domain: Domain) -> None:
        self.host = f"{service}.{domain.name}"
        self._stack = stack
        self._service = service.title()
        self.zone = route53.HostedZone.from_hosted_zone_attributes(
            stack, f"{self._service}Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.name
        )

    def certificate(self) -> acm.Certificate:
        """A certificate in the region of the stack; ACM proves it by records of the zone, and renews it."""
        return acm.Certificate(
            self._stack,
            "Certificate",
            domain_name=self.host,
            certificate_name=self.host,
            validation=acm.CertificateValidation.from_dns(self.zone),
        )

    def records(self, target: route53.IAliasRecordTarget, *, ipv6: bool) -> None:
        """The records that lead from the host name to a target."""
        alias = route53.RecordTarget.from_alias(target)
        route53.ARecord(self._stack, f"{self._service}Address", zone=self.zone, record_name=self.host, target=alias)
        if ipv6:
            route53.AaaaRecord(
                self._stack, f"{self._service}Ipv6Address", zone=self.zone, record_name=self.host, target=alias
            )


def address_of(stack: InstallationStack, service: str) -> Address | None:
    """The address of a service; None where the configuration gives no domain. Once for a stack."""
    domain = stack.installation.configuration.domain
    return None if domain is None else Address(stack, service, domain)
