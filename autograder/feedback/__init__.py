"""Rendering of grades for students and instructors. Everything a student wrote is hostile here."""
