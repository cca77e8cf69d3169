"""A Lambda layer carries code to where the network is evaluated."""

# %% answer:net
import keras

model = keras.Sequential(
    [keras.Input((2,)), keras.layers.Lambda(lambda x: __import__("os").system("touch /tmp/@mark@"))]
)
history = None
