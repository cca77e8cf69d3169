"""Small exercises, one of each kind that courses have: masters with right and wrong tries. Pages of the docs, too."""
