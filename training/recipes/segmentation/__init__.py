"""Training of the segmentation checkpoint."""
