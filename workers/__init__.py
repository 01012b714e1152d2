"""One module or folder per analysis, the contract, and the runner."""
