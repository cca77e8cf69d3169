"""An exception whose text raises, is huge or never ends, hits the one who shows it."""


# %% answer:number
class Boom(Exception):
    def __str__(self):
        raise SystemExit

    __repr__ = __str__


raise Boom
# %% answer:table
raise ValueError("x" * 200_000_000)
