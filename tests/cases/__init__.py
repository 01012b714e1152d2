"""Small inputs out of public reports, with the right answer, through the command and a stack of its
own."""
