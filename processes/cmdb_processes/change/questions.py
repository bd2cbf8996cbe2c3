"""What the change process asks the graph."""

LIVE = """
query ChangeCIs($ids: [String!]!) {
  cis(filter: { id: { in: $ids } }, first: 100) { nodes { id name class } }
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
    nodes { number title state model windowStart windowEnd implementers proposed cis { id name class } }
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

CLOSED = """
query ClosedChanges($cis: [ID!], $text: String, $after: String) {
  changeRequests(filter: { states: ["closed"], cis: $cis, text: $text }, first: 50, after: $after) {
    nodes { number template outcome closedAt predictions { ci name className predicted broke } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""What became of earlier changes, fifty at a time: with what was predicted of each they cost more than others."""

EFFECT = """
query EffectOfChange($of: [ID!]!, $down: [ID!], $hours: Float!, $asOf: Moment, $proposed: ProposedInput) {
  availabilityEffect(of: $of, alsoDown: $down, windowHours: $hours, asOf: $asOf, proposed: $proposed) {
    items {
      sentence lostMinutesLo lostMinutesHi windowLossMinutesLo windowLossMinutesHi
      before { lo hi method } during { lo hi method } after { lo hi method }
      spofsAdded { name } spofsRemoved { name }
    }
  }
}
"""
"""What a change does to the availability of services."""

PENDING = """
query PendingChanges($states: [String!]!, $after: String) {
  changeRequests(filter: { states: $states }, order: OLDEST, first: 100, after: $after) {
    nodes { number state version windowEnd approvalExpires finishedAt verifiedAt evidence cis { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Changes in some states, as timers look at them."""

RADIUS = """
query RadiusNow($of: [ID!]!) { impact(of: $of) { hash } }
"""
"""Whether a radius has moved at all."""

TEMPLATE = """
query TemplateOfChange($number: String!) {
  changeTemplate(number: $number) {
    number state name title plan backout test classes approvedAt approvedBy rev
  }
}
"""
"""A template of standard changes."""

PLANNED_BIRTH = """
query PlannedBirth($name: String!, $class: String!) {
  resolve(name: $name, class: $class) { nodes { id name } }
}
"""
"""The CI that was planned anew, once discovery has found it."""

INCIDENT_TYPE = """
query IsThereIncidents { __type(name: "Incident") { name } }
"""
"""Whether the process of incidents is here at all."""

INCIDENTS = """
query IncidentsNear($cis: [ID!], $since: String!, $until: String!, $after: String) {
  incidents(filter: { cis: $cis, openedFrom: $since, openedBefore: $until }, first: 100, after: $after) {
    nodes { number title openedAt cis { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""The incidents that were opened in a time about some CIs."""
