"""What is run against the whole system: benchmarks, chaos, file formats."""
