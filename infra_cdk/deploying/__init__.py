"""What `make deploy`, `make diff` and `make destroy` do: ``python -m infra_cdk.deploying --help``.

`checks/` is what must be true before a deployment; `cdk_command` runs CDK's own command line, which deploys; `stacks`
reads and deletes stacks; `kept` knows what a deletion leaves, and what that costs.
"""
