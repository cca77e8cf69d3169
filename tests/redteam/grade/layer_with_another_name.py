"""A layer class that is named `Dense` computes something else."""

# %% answer:net
import keras


class Dense(keras.layers.Layer):
    units = 8

    def call(self, inputs):
        return keras.ops.stack([inputs[:, 0] ** 2, 0.3 + 0 * inputs[:, 0]], axis=1)


model = keras.Sequential([keras.Input((2,)), Dense(), keras.layers.Softmax()])
history = None
