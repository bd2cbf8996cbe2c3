"""Pure Cypher: a class, a plan or a question in, (text, parameters) out. Data never enters the text."""

from cmdb.cypher.filters import And, Compare, Filter, Not, Or

__all__ = ["And", "Compare", "Filter", "Not", "Or"]
