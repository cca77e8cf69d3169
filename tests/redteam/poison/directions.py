"""Characters without width, and such that turn the direction, make 1 of 10 read as 10 of 10."""

# %% answer:number
print("\u202e01 fo 01 :erocS\u202c \u2066x\u2069 \u200b\u200d\ufeff")
print("\x1b[2J\x1b[H\x1b]0;owned\x07\x1b]8;;https://example.org\x07link\x1b]8;;\x07 \x9b31m \x00 \x08\x08\x08")
# %% [markdown] answer:why
# ‮01 fo 01‬ pоints, Z̷̡̛͎̗a̴l̸g̵o͜ ​‍﻿
