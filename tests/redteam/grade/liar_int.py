"""A subclass of int that changes its value when it is looked at for the second time."""


# %% answer:number
class Changing(int):
    looked = 0

    def __index__(self):
        Changing.looked += 1
        return 1 if Changing.looked < 3 else 2

    __int__ = __index__

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1


answer = Changing(5)
