"""Tables of situations, by subject. Expectations are written by hand from AWS's documentation, never computed by an evaluator."""
