"""One function per question that a page asks; the only place that joins two sources."""
