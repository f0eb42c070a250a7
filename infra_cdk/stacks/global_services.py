"""What CloudFront takes from us-east-1 alone: its web ACL, and the certificate of a domain."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from infra_cdk.installation import CERTIFICATE, GLOBAL, GLOBAL_REGION, WEB_ACL, Installation
from infra_cdk.parts.addresses import EVENTS, address_of
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.parts.web_acl import web_acl


class GlobalServices(InstallationStack):
    """The web ACL and, with a domain, the collector's certificate."""

    part = GLOBAL

    def __init__(self, scope: Construct, installation: Installation) -> None:
        super().__init__(scope, installation, "Takings: what CloudFront needs in us-east-1", in_global_region=True)
        self.output(WEB_ACL, web_acl(self, "CLOUDFRONT").attr_arn, "Web ACL of the collector's distribution")
        address = address_of(self, EVENTS)
        if address is not None:
            self.output(CERTIFICATE, address.certificate().certificate_arn, "Certificate of the collector's address")


def from_global(stack: InstallationStack, output: str) -> str:
    """An output of this stack as a parameter of another one; `make deploy` passes it on."""
    parameter = cdk.CfnParameter(
        stack,
        output,
        description=f"Output {output} of {stack.installation.name(GLOBAL)} in {GLOBAL_REGION}",
        allowed_pattern=f"arn:aws:[a-z0-9-]+:{GLOBAL_REGION}:{stack.account}:.+",
    )
    return parameter.value_as_string
