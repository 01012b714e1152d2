"""Core ML files of the emotion network: written by coremltools, read and evaluated in numpy, since
Core ML itself runs on Apple's systems alone."""
