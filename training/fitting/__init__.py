"""What all recipes share: fitting, cross-validation, calibration, model cards."""
