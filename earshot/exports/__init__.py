"""Reports in formats of other programs: pure functions of values, without I/O."""
