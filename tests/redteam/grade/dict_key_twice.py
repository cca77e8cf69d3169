"""Two keys that print the same: one of the values will be the right one."""


# %% answer:table
class Key(str):
    def __hash__(self):
        return id(self)

    def __eq__(self, other):
        return self is other


sizes = {Key("rows"): n for n in range(2)} | {Key("columns"): n for n in range(4)}
sizes = {Key("rows"): 1, Key("rows"): 599, Key("columns"): 3, Key("columns"): 1}
