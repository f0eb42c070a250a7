"""The one command of Takings: what `pipeline` and `console` can do, and the server of the pages."""
