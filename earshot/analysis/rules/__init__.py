"""Rules: categories of recordings as data, with conditions over what their reports say."""
