"""What the doubles are called in AWS's words; the tests and the settings under test use the same."""

REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's
ATHENA_WORKGROUP = "takings"
REDSHIFT_WORKGROUP = "takings"
RESULTS_BUCKET = "takings-athena-results"
RESULTS = f"s3://{RESULTS_BUCKET}/results/"
LAKE_BUCKET = "takings-lake"
SAMPLE = "sample"  # the sample lake: a Glue database, a Trino schema, a Redshift database
CUTOFF_BYTES = 10**9  # of the Athena workgroup: what one statement may read
