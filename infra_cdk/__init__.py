"""The deployment on AWS: `app.py` makes the stacks of one tier from `deployment.toml` and `tiers.toml`.

`stacks/` has one module for each stack, split by lifecycle; `parts/` is what several of them are made of; `rules/` is
what every template must keep; `deploying/` is what `make deploy`, `make diff` and `make destroy` do around them.
"""
