"""What the change process asks the graph."""

LIVE = """
query ChangeCIs($ids: [String!]!) {
  cis(filter: { id: { in: $ids } }, first: 100) { nodes { id } }
}
"""
"""Which of these CIs are there and not retired."""

IMPACT = """
query ChangeImpact($of: [ID!]!, $asOf: Moment) {
  impact(of: $of, asOf: $asOf) {
    sequence at hash verdict truncated
    of { id name class }
    items {
      ci { id name class } before degree hops reason freshnessSeconds atRisk risk redundancy { rule needed left of }
    }
    risks { ci { id name class } reason redundancy { rule needed left of } }
    services { id name class ... on BusinessService { criticality availabilityTarget } }
    users
    context { ci { id name } degree }
    problems { ci { id name } rule why }
    counts { class degree count }
    edges { type from { id name class } to { id name class } }
    seenLately
  }
}
"""
"""The evidence of an assessment is the answer to this, whole."""

OPEN = """
query OpenChanges($after: String) {
  changeRequests(filter: { categories: [TO_DO, WAITING, IN_PROGRESS] }, first: 100, after: $after) {
    nodes { number title state model windowStart windowEnd cis { id name class } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Every change that is not done: which of them overlap is decided here, since windows are the process's own."""

HAPPENED = """
query ChangesInTheGraph($from: Moment!, $to: Moment, $of: [ID!], $after: String) {
  diff(from: $from, to: $to, of: $of, first: 50, after: $after) {
    from to truncated
    nodes {
      ci class name what edgeCount
      values { attribute before after }
      edges { id type from to opened }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""What became of some CIs between two moments: the observed diff of a change; of all CIs, what nobody planned."""
