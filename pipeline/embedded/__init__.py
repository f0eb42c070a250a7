"""The whole write path in one process: the platform, its loops and metrics, and its place inside a server."""
