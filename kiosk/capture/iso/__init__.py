"""Records as others read them: ISO/IEC 19794-4, -5, -6 and -7, the images in them, and their CBEFF envelope.

Bytes in, values out. README.md beside this says which editions and options, and what is left unsaid and why.
"""
