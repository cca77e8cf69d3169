"""Generators, iterators and memory views give other values at each pass."""


# %% answer:labels
def to_labels(rows):
    return (n % 3 for n in range(10**9))


# %% answer:number
answer = memoryview(b"\x01\x02\x03\x04")
