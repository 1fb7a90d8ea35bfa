"""Make a wheel of greet.py, as a build backend would; its path is printed."""

import base64
import hashlib
import pathlib
import zipfile

NAME, VERSION = "greet", "1.0"
INFO = f"{NAME}-{VERSION}.dist-info"

files = {
    "greet.py": pathlib.Path("greet.py").read_text(),
    f"{INFO}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: friscy-example\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/entry_points.txt": "[console_scripts]\ngreet = greet:main\n",
}
record = f"{INFO}/RECORD"
rows = [
    f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
    for name, text in files.items()
]
files[record] = "\n".join([*rows, f"{record},,"]) + "\n"
path = f"{NAME}-{VERSION}-py3-none-any.whl"
with zipfile.ZipFile(path, "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
print(path)
