"""Where charge rows come from: files and Cost Explorer, read into FOCUS columns, exactly or not at all."""
