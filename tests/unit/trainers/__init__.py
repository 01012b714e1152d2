"""Trainers: data, the loop that resumes, exports, command lines."""
