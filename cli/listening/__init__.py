"""``earshot listen``: live sessions on the terminal."""
