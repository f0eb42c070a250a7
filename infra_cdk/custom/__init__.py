"""Functions behind custom resources, uploaded as they are: they import Python's own modules and boto3, no others."""
