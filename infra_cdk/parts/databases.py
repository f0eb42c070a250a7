"""A database of the Glue catalog, whose tables IAM alone decides about."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_glue as glue


def glue_database(stack: cdk.Stack, construct_id: str, name: str, description: str) -> glue.CfnDatabase:
    """A database that has no table yet.

    Its tables are open to who has the permissions in IAM: Lake Formation would ask for grants of its own, which
    nobody makes.
    """
    of = glue.CfnDatabase
    everybody = of.PrincipalPrivilegesProperty(
        permissions=["ALL"],
        principal=of.DataLakePrincipalProperty(data_lake_principal_identifier="IAM_ALLOWED_PRINCIPALS"),
    )
    return of(
        stack,
        construct_id,
        catalog_id=stack.account,
        database_name=name,
        database_input=of.DatabaseInputProperty(
            name=name, description=description, create_table_default_permissions=[everybody]
        ),
    )
