"""``python -m earshot`` is the command ``earshot``."""

from cli.__main__ import main

if __name__ == "__main__":
    main()
