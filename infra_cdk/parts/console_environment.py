"""The environment of a console that reads this installation: in a container, or on somebody's own machine."""

from __future__ import annotations

from infra_cdk.installation import WAREHOUSE_DATABASE, Installation

VIEWER_HEADER = "x-amzn-oidc-identity"
"""Who reads, as the load balancer says: a subject of the user pool, not a name. It writes over what a reader sends."""


def console_environment(installation: Installation) -> dict[str, str]:
    """Variables as `console.settings` reads them; the names are computed, so that they are known before a deploy."""
    lake, tier = installation.configuration.lake, installation.tier
    found = {
        "TAKINGS_PROFILE": "aws",
        "AWS_REGION": installation.region,
        "TAKINGS_LAKE_BUCKET": installation.bucket("lake"),
        "TAKINGS_DATABASE": installation.database,
        "TAKINGS_ATHENA_WORKGROUP": installation.name("console"),
        "TAKINGS_ATHENA_RESULTS": f"s3://{installation.bucket('results')}/athena/",
        "TAKINGS_LIVE_TABLE": installation.name("live"),
        "TAKINGS_DECISIONS_TABLE": installation.name("decisions"),
        "TAKINGS_RECOMMENDATIONS_TABLE": installation.name("recommendations"),
        "TAKINGS_REPORTING_CURRENCY": lake.reporting_currency,
        "TAKINGS_REPORTING_TIME_ZONE": lake.reporting_time_zone,
        "TAKINGS_COUNTRY": lake.country,
    }
    if tier.warehouse.enabled:
        found |= {
            "TAKINGS_REDSHIFT_WORKGROUP": installation.name("warehouse"),
            "TAKINGS_REDSHIFT_DATABASE": WAREHOUSE_DATABASE,
            "TAKINGS_REDSHIFT_BASE_RPUS": str(tier.warehouse.base_rpu),
        }
    return found
