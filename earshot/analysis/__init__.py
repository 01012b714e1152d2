"""What results mean: types and rules. No I/O, no tensors."""
