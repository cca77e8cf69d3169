"""A file of a petabyte that holds nothing is copied, or counted, byte by byte."""

# %% answer:number
for size in (1 << 50, 1 << 40, 1 << 30):
    try:
        with open("/tmp/sparse", "wb") as file:
            file.truncate(size)
            print(size)
    except OSError as error:
        print(error)
