"""Real engines behind the AWS APIs. `make test-engines` runs what is marked `engines`.

Fixtures (made known to every test by `tests/conftest.py`; a module that uses one says
``pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]``, so that one worker starts each server once):

============================ =======================================================================================
`sample_lake`                the sample year, curated: ``.root``, ``.lake``, ``.days``, ``.name`` (session; read only)
`engine_lakes`               it and two lakes of edges in other time zones, by name (session; read only)
`trino`, `postgres`          the bare servers (session)
`ministack`                  a Glue catalogue and S3 for Iceberg tables: ``.endpoint``, ``.client("glue")``,
                             ``.database(name)``; ``trino.iceberg`` reads and writes the same tables (session)
`lakes_on_trino`,            the servers with all lakes: a schema, a database by each lake's name (session)
`lakes_on_postgres`
`aws`                        moto in this process, for all threads; no other AWS can be reached
`athena_double`              Athena's API on Trino, inside `aws`: workgroup, capped, results bucket, Glue tables
`redshift_double`            the Redshift Data API on PostgreSQL, inside `aws`
`publish_state`              puts a lake's ``curated/state.json`` into the lake bucket
============================ =======================================================================================

`names` has what they are called: ``ATHENA_WORKGROUP``, ``REDSHIFT_WORKGROUP``, ``RESULTS``, ``LAKE_BUCKET``,
``REGION``, ``SAMPLE`` (the database of the sample lake on either API).

Both doubles: ``.refusals.plan("start_query_execution", "ThrottlingException", times=2)`` lets the next calls of an
operation fail with an AWS error code; ``with double.holding():`` keeps statements running, so that a test can cancel or
time out; ``.executions`` (Athena) and ``.statements`` (Redshift) are what was submitted.

A lake of literal rows: `tests.support.lake_rows.Rows`, then `trino_tables.register(trino, root, name)` (again after
each change: it registers the files that are there) and `postgres_tables.load(postgres, root, name)`.

Where something is missing (Java, Maven's files, ministack, PostgreSQL) the tests fail with `artifacts.EngineMissing`,
which says how to get it; they never skip.
"""
