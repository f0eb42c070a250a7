"""The raw zone: `writer` makes its files from the stream (on AWS, Firehose does); `files` and `zstandard` read them."""
