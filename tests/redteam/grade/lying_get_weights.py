"""A network whose `get_weights`, `get_config` and `count_params` are patched says what it should be."""

# %% answer:net
import keras

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
for layer in model.layers:
    layer.get_config = lambda: {"name": "dense", "units": 8, "activation": "relu"}
    layer.__dict__["units"] = 8
model.get_config = lambda: {"layers": [{"class_name": "Dense", "config": {"units": 8}}]}
model.count_params = lambda: 42
history = None
