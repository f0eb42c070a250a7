"""Charges that the estimates leave out, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LeftOut:
    """A charge that is in no estimate.

    Attributes
    ----------
    service : as the bill names it
    what : what would be charged
    reason : why it is left out
    """

    service: str
    what: str
    reason: str


LEFT_OUT = (
    LeftOut("Tax, support, discounts", "All of it", "they are of the account, not of the deployment"),
    LeftOut("AWS Budgets", "Budgets", "budgets that only notify are free"),
    LeftOut("Amazon Simple Notification Service", "Alarm e-mails", "a few a month, at $2 for 100,000"),
    LeftOut("Amazon Inspector", "Image and function scans", "not switched on: the registry's basic scan is free"),
    LeftOut("AWS CloudTrail", "Management events", "the first trail is free; data events are not recorded"),
    LeftOut("Amazon Simple Queue Service", "Failed batches", "empty as long as nothing fails; $0.40 a million"),
    LeftOut("Amazon EventBridge", "Schedules",
            "some 60,000 starts a month, most of them the canary's, at $1 a million; the first 14 million are free"),
    LeftOut("Amazon EventBridge", "Events",
            "those of services are free; where those of S3 are not, half a million objects a month are $0.50"),
    LeftOut("AWS CodeDeploy", "Deployments of functions", "free: it charges for servers outside AWS alone"),
    LeftOut("AmazonCloudWatch", "Alarms that scale the live table",
            "Application Auto Scaling makes eight where the table's capacity is provisioned: $0.80"),
    LeftOut("AWS Key Management Service", "Requests",
            "S3 bucket keys and cached data keys leave some thousands a month, at $3 a million"),
    LeftOut("AWS Secrets Manager", "Requests",
            "each of the one to twelve busy environments of the collector reads its keys once a minute: $0.26 a month"),
    LeftOut("AWS Glue", "Catalogue", "far below the million objects and requests that are free in each account"),
    LeftOut("Amazon Virtual Private Cloud", "Gateway endpoints", "free: S3 and DynamoDB are not reached through NAT"),
    LeftOut("AWS Data Transfer", "Inside the region",
            "free but between zones, where only console pages pass; what functions and queries read is free"),
    LeftOut("AWS Certificate Manager", "Certificates", "public ones are free"),
    LeftOut("AWS Shield", "Standard", "free"),
    LeftOut("Amazon Route 53", "Queries", "some thousands a month, at $0.40 a million"),
    LeftOut("Amazon DynamoDB", "Point-in-time recovery of live figures",
            "off: they are filled again within a day"),
    LeftOut("AWS Key Management Service", "Rotated keys", "$1 a month more for each after its first and second year"),
    LeftOut("Amazon Simple Storage Service", "Intelligent-Tiering and former versions",
            "$2.50 a million objects above 128 KB are monitored for; former versions are kept for days"),
    LeftOut("AWS Glue", "Minutes beyond those of the tier",
            "a first curation of a year, or one after an outage, takes as long as it takes"),
    LeftOut("Amazon GuardDuty", "Plans for functions, containers, databases and malware", "not switched on"),
)  # fmt: skip
