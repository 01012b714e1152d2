"""Text sentiment of English calls: sentences of the project, and a linear model."""
