"""Types and rules of analysis results. No I/O, no tensors."""
