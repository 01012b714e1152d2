"""Labels by people, and what is made of them."""
