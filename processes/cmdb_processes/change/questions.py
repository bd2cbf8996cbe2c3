"""What the change process asks the graph."""

LIVE = """
query ChangeCIs($ids: [String!]!) {
  cis(filter: { id: { in: $ids } }, first: 100) { nodes { id } }
}
"""
"""Which of these CIs are there and not retired."""

IMPACT = """
query ChangeImpact($of: [ID!]!) {
  impact(of: $of) {
    sequence at hash verdict truncated
    of { id name }
    items { ci { id name class } before degree hops reason }
    atRisk { id name }
    counts { class degree count }
    edges { type from { id name } to { id name } }
  }
}
"""
"""The evidence of an assessment is the answer to this, whole."""
