"""Incident and service request: restore service quickly, fulfil what was promised. Pure rules."""
