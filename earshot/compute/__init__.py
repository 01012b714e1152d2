"""What networks run on: devices, memory, ONNX Runtime, and the cache of loaded models."""
