"""AWS for the whole console: settings, clients, permissions, and failures as our own errors."""
