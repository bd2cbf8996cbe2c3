"""From what several devices say to what is joined to what. Pure: devices in, links, attachments and doubts out.

A link is agreed when both ends name each other, one-way when one end does. What could be two things is neither: it is
said as a doubt, never guessed.
"""

from cmdb.topology.attach import Attachment
from cmdb.topology.links import End, Joint
from cmdb.topology.same import Merge
from cmdb.topology.who import Placeholder
from cmdb.topology.whole import Topology, topology

__all__ = ["Attachment", "End", "Joint", "Merge", "Placeholder", "Topology", "topology"]
