"""What `make deploy`, `make diff` and `make destroy` do around the stacks."""
