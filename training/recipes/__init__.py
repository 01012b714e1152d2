"""One folder per model that the project trains."""
