"""One module per analysis, and the registry that names them."""
