#!/usr/bin/env python3
"""Writes the licences of everything that is linked into the program as one file.

usage: licenses.py --cargo CARGO --out FILE LINKED...

LINKED are libraries and headers; each belongs to a Debian package or to a CUDA toolkit. The crates of base/ffi and
Rust's own library come from cargo. Fails when the licence of a part is not found.
"""
import argparse
import html
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMMON = pathlib.Path("/usr/share/common-licenses")
NAMES = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)([-._].*)?$", re.IGNORECASE)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def texts_in(directory):
    """Of the files in the directory, and one below for libraries that a crate brings along."""
    files = [p for p in (*directory.iterdir(), *directory.glob("*/*")) if p.is_file() and NAMES.match(p.name)]
    return [p.read_text(errors="replace").strip() for p in sorted(files) if p.suffix not in (".rs", ".py", ".h")]


def cuda_license(path):
    """Of a toolkit, or of the wheel that the library came in; None where the path is of neither."""
    for top in path.parents:
        found = [*top.glob("nvidia_cuda_runtime-*.dist-info/licenses/License.txt"), *top.glob("EULA.txt")]
        if found:
            return found[0].read_text(errors="replace").strip()
    return None


def package_of(path):
    done = subprocess.run(["dpkg", "-S", str(path)], capture_output=True, text=True, check=False)
    return done.stdout.split(":")[0] if done.returncode == 0 else None


def linked_licenses(path):
    path = pathlib.Path(path).resolve()
    if path.name.startswith("libcudart"):
        return "CUDA runtime", [cuda_license(path)]
    package = package_of(path)
    if package is None:
        sys.exit(f"licenses.py: no Debian package owns {path}; its licence is not known")
    text = pathlib.Path("/usr/share/doc", package, "copyright").read_text(errors="replace")
    named = {pathlib.Path(name) for name in re.findall(r"/usr/share/common-licenses/[\w.+-]*\w", text)}
    return package, [text.strip(), *(p.read_text().strip() for p in sorted(named) if p.exists())]


def crate_licenses(cargo):
    manifest = str(ROOT / "base/ffi/Cargo.toml")
    metadata = json.loads(output(cargo, "metadata", "--format-version=1", "--locked", "--offline",
                                 "--filter-platform=x86_64-unknown-linux-gnu", "--manifest-path", manifest))
    used = {node["id"] for node in metadata["resolve"]["nodes"]}
    for package in sorted(metadata["packages"], key=lambda p: (p["name"], p["version"])):
        if package["id"] not in used or package["source"] is None:
            continue
        texts = texts_in(pathlib.Path(package["manifest_path"]).parent)
        named = f"{package['license']}; {', '.join(package['authors'])}; {package['repository']}"
        yield f"{package['name']} {package['version']}", texts or [named]


def rust_licenses(cargo):
    rustc = pathlib.Path(cargo).with_name(pathlib.Path(cargo).name.replace("cargo", "rustc"))
    sysroot = pathlib.Path(output(str(rustc), "--print", "sysroot").strip())
    page = sysroot / "share/doc/rust/COPYRIGHT-library.html"
    if page.exists():
        text = html.unescape(re.sub(r"<[^>]*>", "", page.read_text(errors="replace")))
        return "Rust's library", [re.sub(r"\n\s*\n+", "\n\n", text).strip()]
    libraries = sorted(sysroot.glob("lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd-*.rlib"))
    if not libraries:
        sys.exit(f"licenses.py: no Rust library below {sysroot}")
    return linked_licenses(libraries[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cargo", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("linked", nargs="+")
    options = parser.parse_args()
    parts = [*map(linked_licenses, options.linked), rust_licenses(options.cargo), *crate_licenses(options.cargo)]
    users = {}
    for part, texts in parts:
        for text in texts:
            if not text:
                sys.exit(f"licenses.py: the licence of {part} is not found")
            names = users.setdefault(text, [])
            if part not in names:
                names.append(part)
    with open(options.out, "w", encoding="utf-8") as out:
        out.write("What is linked into hone, and under which terms. A part with several texts stands at each of them.\n")
        for text, names in users.items():
            out.write(f"\n{'=' * 100}\n{', '.join(names)}\n{'=' * 100}\n\n{text}\n")


if __name__ == "__main__":
    main()
