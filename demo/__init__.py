"""The demo call that ``make run`` analyses without arguments, and its generator."""
