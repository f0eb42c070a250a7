"""What every template must keep, and the findings of the rule pack that are accepted, each with its reason."""
