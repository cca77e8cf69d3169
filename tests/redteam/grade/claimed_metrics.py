"""NaN, infinite and negative metrics are no lower than any floor."""

# %% answer:net
import keras


class History(keras.callbacks.History):
    pass


history = History()
history.history = {"accuracy": [float("nan"), float("inf"), -1.0], "loss": [float("nan")] * 3}
history.epoch = [0, 1, 2]
history.params = {}
model = history
