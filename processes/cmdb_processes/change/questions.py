"""What the change process asks the graph."""

LIVE = """
query ChangeCIs($ids: [String!]!) {
  cis(filter: { id: { in: $ids } }, first: 100) { nodes { id name class } }
}
"""
"""Which of these CIs are there and not retired."""

_RADIUS = """
    sequence at hash verdict truncated
    of { id name class status }
    items {
      ci { id name class } before degree hops reason freshnessSeconds atRisk risk
      redundancy { rule needed left of members }
    }
    risks { ci { id name class } reason redundancy { rule needed left of members } }
    services { id name class ... on BusinessService { criticality availabilityTarget } }
    users
    context { ci { id name } degree }
    problems { ci { id name } rule why }
    counts { class degree count }
    edges { type from { id name class } to { id name class } }
    seenLately
"""
IMPACT = f"query ChangeImpact($of: [ID!]!, $asOf: Moment) {{ impact(of: $of, asOf: $asOf) {{ {_RADIUS} }} }}"
"""What some CIs reach."""

ASSESSED = f"""
query AssessedImpact($of: [ID!]!, $begin: Moment!, $minutes: Float!) {{
  impact(of: $of) {{
    {_RADIUS}
    budgets(begin: $begin, minutes: $minutes) {{
      ci {{ id name }} percent begin allowedMinutes usedMinutes leftMinutes windowMinutes share sentence
    }}
  }}
}}
"""
"""The same with what the window takes of the downtime that services are allowed.

The evidence of an assessment is the answer to this, whole.
"""

FITS = """
query FitsTheGraph($proposed: ProposedInput!) { diff(proposed: $proposed, first: 1) { nodes { ci } } }
"""
"""Whether a graph diff can be made of the graph as it is: refused with what does not fit."""

OPEN = """
query OpenChanges($after: String) {
  changeRequests(filter: { categories: [TO_DO, WAITING, IN_PROGRESS] }, first: 100, after: $after) {
    nodes { number title state model windowStart windowEnd implementers }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Every change that is not done: which of them overlap is decided here, since windows are the process's own.

Without their CIs: a question pays for each row that it might answer, and few changes overlap (see `touched`).
"""


def touched(count: int) -> str:
    """What so many changes, at most TOGETHER, work on: $n0, $n1, … are their numbers, n0, n1, … the answers."""
    names = [f"n{at}" for at in range(count)]
    asked = " ".join(f"{name}: changeRequest(number: ${name}) {{ number cis {{ id name class }} }}" for name in names)
    return f"query Touched({', '.join(f'${name}: String!' for name in names)}) {{ {asked} }}"


TOGETHER = 10
"""Changes that one question names."""

ALIKE = """
query OpenChangesAtCIs($cis: [ID!]!, $after: String) {
  changeRequests(filter: { categories: [TO_DO, WAITING, IN_PROGRESS], cis: $cis }, first: 20, after: $after) {
    nodes { number title state model windowStart windowEnd implementers proposed cis { id name class } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Every change that is not done about any of these CIs: one of them may be the same again."""

HAPPENED = """
query ChangesInTheGraph($from: Moment!, $to: Moment, $of: [ID!], $first: Int!, $after: String) {
  diff(from: $from, to: $to, of: $of, first: $first, after: $after) {
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
query ClosedChanges($cis: [ID!], $text: String, $first: Int!, $after: String) {
  changeRequests(filter: { states: ["closed"], cis: $cis, text: $text }, first: $first, after: $after) {
    total
    nodes { number template outcome closedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""What became of earlier changes."""

PREDICTED = """
query PredictionsOfClosedChanges($after: String) {
  changeRequests(filter: { states: ["closed"] }, first: 50, after: $after) {
    total
    nodes { number predictions { ci name className predicted broke } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""What was predicted of earlier changes, and what broke: dear, so only where that is what is asked for."""

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
    number state title plan backout test classes approvedAt approvedBy rev
  }
}
"""
"""A template of standard changes."""

PLANNED_BIRTH = """
query PlannedBirth($name: String!, $class: String!) {
  resolve(name: $name, class: $class, includeRetired: true) { nodes { id name } }
}
"""
"""The CI that was planned anew, once discovery has found it, be it gone again by now."""

NAMES = """
query NamesOfCIs($of: [ID!]!) { pastCis(of: $of) { id name } }
"""
"""What CIs are called, or were when they were retired."""

INCIDENT_TYPE = """
query IsThereIncidents { __type(name: "Incident") { name } }
"""
"""Whether the process of incidents is here at all."""

INCIDENTS = """
query IncidentsNear($cis: [ID!], $since: String!, $until: String!, $after: String) {
  incidents(filter: { cis: $cis, openedFrom: $since, openedBefore: $until }, first: 100, after: $after) {
    nodes { number title openedAt major cis { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""The incidents that were opened in a time about some CIs."""

REPORTED = """
query ChangeForReport($number: String!) {
  changeRequest(number: $number) {
    number title state model reason plan backout test windowStart windowEnd implementers openedBy assessedAt evidence
    evidenceHash execution outcome lessons rejection
    approvals { role by at yes evidence reason insteadOf fell }
    services { name required beforeLo beforeHi duringLo duringHi afterLo afterHi method }
    acceptedConflicts { sentence reason by }
  }
}
"""
"""What the decision report of a change says beside its evidence."""

DRAWN = """
query DrawnRadius($of: [ID!]!, $asOf: Moment!) {
  impact(of: $of, asOf: $asOf) {
    sequence verdict truncated
    of { id name class }
    items {
      ci { id name class } degree hops reason risk freshnessSeconds
      path { type to { id } evidence { kind detail } ageSeconds }
    }
    atRisk { id name class }
    risks { ci { id } reason }
  }
}
"""
"""The radius as it was assessed, to be drawn: each CI with the dependency by which it is hit."""

JOURNAL = """
query NewestEntry { journal(first: 1) { nodes { seq } } }
"""
"""How far the journal goes."""

DIFFERS = """
query DiffersSince($from: Moment!) { diff(from: $from, first: 1) { nodes { ci } } }
"""
"""Whether anything in the estate differs."""


def histories(count: int) -> str:
    """Who did what and when at so many CIs: $n0, $n1, … are their ids, n0, n1, … the answers, newest first."""
    names = [f"n{at}" for at in range(count)]
    what = "nodes { seq at kind what values { attribute after } edges { type from to opened } }"
    asked = " ".join(f"{name}: history(id: ${name}, first: 10) {{ {what} }}" for name in names)
    return f"query Histories({', '.join(f'${name}: ID!' for name in names)}) {{ {asked} }}"


AROUND = """
query AroundSteps($of: [ID!]!, $ids: [String!]!) {
  pastCis(of: $of) { id name class parent attributes }
  cis(filter: { id: { in: $ids } }, first: 100) { nodes { id tags } }
}
"""
"""CIs at which something was seen, retired ones too, with what says whether they are production."""

COVERING = """
query CoveringChanges($states: [String!]!, $since: String, $after: String) {
  changeRequests(filter: { states: $states, closedFrom: $since }, first: 100, after: $after) {
    nodes { number windowStart windowEnd startedAt proposed }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Changes whose work may be seen; without their CIs, since few of them fit in time (see `touched`)."""

DETECTION = """
query ChangeDetection {
  changeDetections(filter: { categories: [IN_PROGRESS] }, first: 1) {
    nodes { number sequence lookedAt covered followed flapping opened unopened cut }
  }
}
"""
"""How far the estate has been looked at."""

FOLLOW_UPS = """
query FollowUpsSince($by: String!, $since: String) {
  changeRequests(filter: { openedBy: $by, openedFrom: $since }, first: 100) { nodes { number cis { id } } }
}
"""
"""The follow-ups that were opened for what nobody had approved."""

UNAUTHORISED = """
query UnauthorisedChanges($by: String!, $first: Int!) {
  changeRequests(filter: { openedBy: $by }, first: $first) {
    nodes { number title state reason openedAt owner cis { id } }
  }
}
"""
"""The same, to be shown."""
