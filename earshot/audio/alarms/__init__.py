"""Detection of fire and carbon monoxide alarms."""
