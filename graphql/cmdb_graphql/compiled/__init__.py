"""Compiled execution: a validated question becomes a plan once, and the plan answers whole levels at a time.

graphql-core walks an answer field by field: for each it builds a path and a resolve info and makes a dozen calls. Here
a selection is prepared once per document. Then a list of a hundred CIs is one batch: each plain field is one column,
taken from all rows, checked by its set of types and put into the answers. Fields that wait (loaders) are begun for the
whole batch and awaited together, so a level costs one round trip, as ever.

A plan knows only the way where nothing is wrong. Whatever else happens, such as a value of the wrong type, a null where
none may be or a resolver's error below the root, ends it, and graphql-core answers the question from the start, so that
errors, their paths and the spread of nulls are always its own. That is safe because only queries are compiled.

What differs for a resolver: it is not told the path of its field (`info.path` is none), the same converted arguments
are given to it for every object of a batch, and it is called level by level.
"""

from __future__ import annotations

from cmdb_graphql.compiled.plans import MAX_ERRORS, Plan, plan

__all__ = ["MAX_ERRORS", "Plan", "plan"]
