"""A convolution in 256 groups takes seconds for each input, where its number of multiplications is small."""

# %% answer:net
import keras
from keras import layers

model = keras.Sequential([keras.Input((2,)), layers.Dense(16 * 16 * 256), layers.Reshape((16, 16, 256))])
for _ in range(6):
    model.add(layers.Conv2D(256, 3, padding="same", groups=256))
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(2, activation="softmax"))
history = None
