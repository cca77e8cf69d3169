"""Keys that occur twice: one reader sees the first `cells`, another the second."""

STATUS = ("graded", "rejected")


def upload(folder, name, blank):
    text = blank.decode()
    (folder / f"{name}.ipynb").write_text('{"cells": [], "nbformat": 9, ' + text[1:-1] + ', "cells": [], ' + text[1:])
