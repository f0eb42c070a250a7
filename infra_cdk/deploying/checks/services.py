"""What an account has once: what is there against ``create``, ``adopt`` or ``skip`` of the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalogue.errors import QueryFailed
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying.checks.check import Mistake
from infra_cdk.deploying.situation import Situation
from infra_cdk.installation import GLOBAL_REGION

ANYBODY = "IAM_ALLOWED_PRINCIPALS"  # Lake Formation's name for "whatever IAM allows"
MADE_BY = {"cost_anomaly_monitor": "finops"}  # the others are made by the stack `account`


def guardduty(situation: Situation) -> Iterator[Mistake]:
    """A region has one detector."""
    with translate_errors("GuardDuty", situation.installation.region, action="guardduty:ListDetectors"):
        there = bool(situation.clients.client("guardduty").list_detectors()["DetectorIds"])
    yield from _presence(situation, "guardduty", "GuardDuty detector", there=there)


def security_hub(situation: Situation) -> Iterator[Mistake]:
    """A region has one hub."""
    there = _is_enabled(situation, "securityhub", "describe_hub", "securityhub:DescribeHub", "InvalidAccessException")
    yield from _presence(situation, "security_hub", "Security Hub", there=there)


def macie(situation: Situation) -> Iterator[Mistake]:
    """A region has one session; where it has none, Macie denies access and says so."""
    there = _is_enabled(situation, "macie2", "get_macie_session", "macie2:GetMacieSession", "not enabled")
    yield from _presence(situation, "macie", "Macie session", there=there)


def config(situation: Situation) -> Iterator[Mistake]:
    """A region has one recorder and one delivery channel: either one alone keeps another from being made."""
    client, region = situation.clients.client("config"), situation.installation.region
    with translate_errors("AWS Config", region, action="config:DescribeConfigurationRecorders"):
        recorder = bool(client.describe_configuration_recorders()["ConfigurationRecorders"])
    with translate_errors("AWS Config", region, action="config:DescribeDeliveryChannels"):
        channel = bool(client.describe_delivery_channels()["DeliveryChannels"])
    if recorder != channel:
        missing, there = ("delivery channel", "recorder") if recorder else ("recorder", "delivery channel")
        setting = situation.configuration.account.config_recorder
        if setting != "skip" and not _ours(situation, "config_recorder"):
            yield (
                f"AWS Config has a {there} and no {missing}: it can be neither created nor adopted",
                situation.line("account", "config_recorder"),
                f'Make the {missing}, or delete the {there}; or write config_recorder = "skip".',
            )
        return
    yield from _presence(situation, "config_recorder", "recorder of AWS Config", there=recorder)


def cost_anomaly(situation: Situation) -> Iterator[Mistake]:
    """An account has one monitor of all its services."""
    client = situation.clients.client("ce", GLOBAL_REGION)
    with translate_errors("Cost Explorer", GLOBAL_REGION, action="ce:GetAnomalyMonitors"):
        monitors = client.get_anomaly_monitors()["AnomalyMonitors"]
    there = any(monitor.get("MonitorDimension") == "SERVICE" for monitor in monitors)
    yield from _presence(situation, "cost_anomaly_monitor", "monitor of unusual costs by service", there=there)


def lake_formation(situation: Situation) -> Iterator[Mistake]:
    """New databases and tables must be governed by IAM: roles here have no grants of Lake Formation."""
    region = situation.installation.region
    with translate_errors("Lake Formation", region, action="lakeformation:GetDataLakeSettings"):
        settings = situation.clients.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    for kind, name in (("databases", "CreateDatabaseDefaultPermissions"), ("tables", "CreateTableDefaultPermissions")):
        if not _open_to_iam(settings.get(name, ())):
            yield (
                f"Lake Formation, not IAM, governs new {kind} of this account: no job and no query could read them",
                f"data catalog settings of Lake Formation in {region}",
                f"Tick “Use only IAM access control for new {kind}” there, and deploy again.",
            )


def _open_to_iam(permissions: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        permission.get("Principal", {}).get("DataLakePrincipalIdentifier") == ANYBODY
        and "ALL" in permission.get("Permissions", ())
        for permission in permissions
    )


def _is_enabled(situation: Situation, service: str, operation: str, action: str, disabled: str) -> bool:
    """Whether a service is on; `disabled` is in its error's code or message where it is not."""
    try:
        with translate_errors(service, situation.installation.region, action=action):
            getattr(situation.clients.client(service), operation)()
    except QueryFailed as error:
        if disabled in error_code(error) or disabled in str(error.__cause__):
            return False
        raise
    return True


def _ours(situation: Situation, setting: str) -> bool:
    """Whether this installation made it."""
    return situation.has(MADE_BY.get(setting, "account"))


def _presence(situation: Situation, setting: str, name: str, *, there: bool) -> Iterator[Mistake]:
    """A mistake where a setting does not fit what is there; what this installation made itself fits."""
    given = getattr(situation.configuration.account, setting)
    where = situation.line("account", setting)
    if given == "create" and there and not _ours(situation, setting):
        yield f"There is a {name} already, and a second one is refused", where, f'Write {setting} = "adopt".'
    if given == "adopt" and not there:
        yield f"There is no {name} to adopt", where, f'Write {setting} = "create", or "skip".'
