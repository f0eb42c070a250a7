"""Stream → raw zone: the files that Firehose would write, written by the embedded profile."""
