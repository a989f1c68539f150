"""How well the listener and the grader agree with people: labelled material in, figures out."""
