"""Shared infrastructure of networks: devices, memory, ONNX Runtime, and the cache of loaded
models."""
