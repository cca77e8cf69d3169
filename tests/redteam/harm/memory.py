"""Memory, ten gigabytes of it, in small pieces."""

ENDED = "out_of_memory"

# %% answer:number
hog = [bytearray(10_000_000) for _ in range(1000)]
