"""An object array carries code that runs where it is unpickled."""

# %% answer:number
import os


class Evil:
    def __reduce__(self):
        return (os.system, ("touch /tmp/@mark@",))


answer = np.array([Evil(), Evil()], dtype=object)


# %% answer:labels
def to_labels(rows):
    return np.array([Evil()] * len(rows), dtype=object)
