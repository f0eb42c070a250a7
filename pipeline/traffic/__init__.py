"""Traffic: the sample shop's visitors, live, against a collector.

`visitors` decides who does what, `pace` when it is sent, `sender` carries it over HTTP; `play` is the same stream
without HTTP, for a collector in the same process.
"""

from pipeline.traffic.pace import play

__all__ = ["play"]
