"""What people look at: the impact ladder as SVG and the decision report as HTML, pure and always the same bytes.

Light: the command line draws with it too, so nothing here needs the web libraries.
"""

from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.decision import Approval, Availability, Conflict, Decision
from cmdb_graphql.pictures.ladder import Ladder, layout
from cmdb_graphql.pictures.page import page
from cmdb_graphql.pictures.radius import Hit, Radius
from cmdb_graphql.pictures.svg import svg

__all__ = [
    "Approval", "Availability", "Conflict", "Decision", "Hit", "Ladder", "Radius", "layout", "page", "svg", "words",
]  # fmt: skip
