"""Studies: many clips and photos, with participants, conditions and segments, to one result."""
