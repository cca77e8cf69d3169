"""Layers whose weights have no room anywhere, claimed in a kilobyte."""

STATUS = ("graded", "needs_review")

# %% answer:net
import keras
from keras import layers

try:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(10**9), layers.Dense(10**9)])
except Exception as error:
    print(type(error))
    model = keras.Sequential([keras.Input((2,))] + [layers.Dense(2) for _ in range(3000)])
history = None
