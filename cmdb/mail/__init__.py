"""Notification by mail: which transition tells whom, as declared; at least once, with a log of every try."""

from cmdb.mail.box import Box, Letter
from cmdb.mail.courier import MailCourier
from cmdb.mail.post import Post

__all__ = ["Box", "Letter", "MailCourier", "Post"]
