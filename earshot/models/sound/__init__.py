"""Networks that classify sound: fixed log-mel windows, YAMNet."""
