"""The executive figures as a dashboard of QuickSight, on the same tables and by the same definitions as the console's.

Questions are asked anew for each view, by Athena, in the console's workgroup with its limit. The account subscribes to
QuickSight by hand. Its readers see all regions: the console's row filter does not reach there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_quicksight as quicksight
from constructs import Construct
from sqlglot import exp, parse_one

from catalogue.base_tables import base_tables
from catalogue.binding import Statement, bind
from catalogue.queries import load
from console.aws import permissions
from console.aws.runners import RUNNERS
from infra_cdk.installation import Installation
from infra_cdk.parts.grants import grant
from infra_cdk.parts.quicksight_dashboard import SALES, TOTALS, definition
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks.data import Data

QUESTIONS = {TOTALS: "executive/figures_by_day", SALES: "executive/sales_by_day"}
KINDS = {
    "day": "DATETIME", "channel": "STRING", "category": "STRING", "region": "STRING", "net_revenue": "DECIMAL",
    "units": "DECIMAL", "orders": "INTEGER", "sessions": "INTEGER", "sessions_with_purchase": "INTEGER",
}  # fmt: skip
# what may be given comes in fixed sets. Source: QuickSight API reference, permissions of resources
ASK_SOURCE = ("DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource")
ASK_SET = ("DescribeDataSet", "DescribeDataSetPermissions", "PassDataSet", "DescribeIngestion", "ListIngestions")
OWN_DASHBOARD = (
    "DescribeDashboard", "ListDashboardVersions", "QueryDashboard", "UpdateDashboard", "DeleteDashboard",
    "UpdateDashboardPermissions", "DescribeDashboardPermissions", "UpdateDashboardPublishedVersion",
)  # fmt: skip


class QuickSight(InstallationStack):
    """Data source, two data sets and a dashboard, all of them for one user or group.

    Parameters
    ----------
    after : stacks that are made before: QuickSight tries the workgroup and its tables when it makes the data source
    """

    part = "quicksight"

    def __init__(
        self, scope: Construct, installation: Installation, data: Data, principal_arn: str, after: Sequence[cdk.Stack]
    ) -> None:
        super().__init__(scope, installation, "Takings: a dashboard of the executive figures")
        for stack in after:
            self.add_stack_dependency(stack)
        self.principal = principal_arn
        source = self._source(self._role(data))
        sets = {name: self._set(name, question, source) for name, question in QUESTIONS.items()}
        dashboard = quicksight.CfnDashboard(
            self,
            "Dashboard",
            aws_account_id=self.account,
            dashboard_id=installation.name("executive"),
            name=f"{installation.prefix}: executive figures",
            permissions=[
                quicksight.CfnDashboard.ResourcePermissionProperty(
                    principal=principal_arn, actions=_actions(OWN_DASHBOARD)
                )
            ],
        )
        dashboard.add_property_override("Definition", definition({name: each.attr_arn for name, each in sets.items()}))
        self.output(
            "DashboardAddress",
            f"https://{self.region}.quicksight.aws.amazon.com/sn/dashboards/{installation.name('executive')}",
            "Executive figures in QuickSight",
        )

    def _role(self, data: Data) -> iam.Role:
        region = f"{self.region}:{self.account}"
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("quicksight.amazonaws.com"))
        resources = data.resources | {
            permissions.WORKGROUP: [f"arn:aws:athena:{region}:workgroup/{self.installation.name('console')}"],
            permissions.CATALOGS: [f"arn:aws:athena:{region}:datacatalog/AwsDataCatalog"],
        }
        grant(role, RUNNERS["quicksight"], resources)
        return role

    def _source(self, role: iam.Role) -> quicksight.CfnDataSource:
        """The data source; its role takes the place of the account's, which nobody need change by hand."""
        source = quicksight.CfnDataSource(
            self,
            "Source",
            aws_account_id=self.account,
            data_source_id=self.installation.name("lake"),
            name=self.installation.prefix,
            type="ATHENA",
            data_source_parameters=quicksight.CfnDataSource.DataSourceParametersProperty(
                athena_parameters=quicksight.CfnDataSource.AthenaParametersProperty(
                    role_arn=role.role_arn, work_group=self.installation.name("console")
                )
            ),
            permissions=[
                quicksight.CfnDataSource.ResourcePermissionProperty(
                    principal=self.principal, actions=_actions(ASK_SOURCE)
                )
            ],
        )
        source.node.add_dependency(role)  # QuickSight tries it when it is made
        return source

    def _set(self, name: str, question: str, source: quicksight.CfnDataSource) -> quicksight.CfnDataSet:
        query = load()[question]
        currency = self.installation.configuration.lake.reporting_currency
        statement = bind(query, {"reporting_currency": currency}, dialect="trino")
        of = quicksight.CfnDataSet
        return of(
            self,
            name.title(),
            aws_account_id=self.account,
            data_set_id=self.installation.name(name),
            name=f"{self.installation.prefix}: {query.title}",
            import_mode="DIRECT_QUERY",
            physical_table_map={
                name: of.PhysicalTableProperty(
                    custom_sql=of.CustomSqlProperty(
                        name=name,
                        data_source_arn=source.attr_arn,
                        sql_query=_in_database(statement, self.installation.database),
                        columns=[of.InputColumnProperty(name=column, type=KINDS[column]) for column in query.columns],
                    )
                )
            },
            permissions=[of.ResourcePermissionProperty(principal=self.principal, actions=_actions(ASK_SET))],
        )


def _in_database(statement: Statement, database: str) -> str:
    """The SQL with its tables in a database, since a data source has none of its own."""
    tree = cast(exp.Query, parse_one(statement.sql, read=statement.dialect))
    for table in list(base_tables(tree)):
        table.set("db", exp.to_identifier(database))
    return tree.sql(dialect=statement.dialect)


def _actions(names: Sequence[str]) -> list[str]:
    return [f"quicksight:{name}" for name in names]
