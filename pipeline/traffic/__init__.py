"""Live traffic: the sample shop's visitors send events to a collector.

`visitors` decides who does what, `pace` when it is sent, and `sender` sends it over HTTP; `play` sends the same events
to a collector in the same process.
"""

from pipeline.traffic.pace import play

__all__ = ["play"]
