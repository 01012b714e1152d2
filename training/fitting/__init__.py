"""Shared by all recipes: fitting, cross-validation, calibration, model cards."""
