"""What maintainer scripts would have done."""

from __future__ import annotations

from image_archives import listing

from friscy_build.images.debian_setup import Installed, parse_alternatives, set_up
from lazyfs.tree import Node, Tree


def tree_of(files: dict[str, bytes]) -> Tree:
    tree = Tree()
    for path, content in files.items():
        tree.add(path.encode(), Node.file(content), parents=True)
    return tree


def test_alternatives_are_read_from_scripts() -> None:
    script = """
if [ "$1" = configure ]; then
    update-alternatives --quiet \\
        --install /usr/bin/awk awk /usr/bin/mawk 5 \\
        --slave /usr/share/man/man1/awk.1.gz awk.1.gz /usr/share/man/man1/mawk.1.gz || true
    update-alternatives --install /usr/bin/$name $name /usr/bin/x 1
    update-alternatives --remove awk /usr/bin/old
    update-alternatives --install /usr/bin/short short
    update-alternatives --install "/usr/bin/unclosed
fi
"""
    assert list(parse_alternatives(script)) == [
        (
            5,
            [
                ("/usr/bin/awk", "awk", "/usr/bin/mawk"),
                ("/usr/share/man/man1/awk.1.gz", "awk.1.gz", "/usr/share/man/man1/mawk.1.gz"),
            ],
        )
    ]


def test_the_highest_priority_wins() -> None:
    def awk(name: str, priority: int) -> Installed:
        call = f"update-alternatives --install /usr/bin/awk awk /usr/bin/{name} {priority}\n"
        return Installed(f"Package: {name}\n", {"postinst": call.encode()}, [])

    tree = tree_of({"/usr/bin/mawk": b"", "/usr/bin/gawk": b""})
    set_up(tree, [awk("mawk", 5), awk("gawk", 10), awk("absent", 50)])
    assert listing(tree)["/etc/alternatives/awk"] == "-> /usr/bin/gawk"


def test_users_and_files_of_etc() -> None:
    tree = tree_of({
        "/usr/share/base-passwd/passwd.master": b"root:*:0:0:root:/root:/bin/bash\nman:*:6:12:man:/m:/n\n",
        "/usr/share/base-passwd/group.master": b"root:*:0:\n",
        "/usr/share/base-files/nsswitch.conf": b"passwd: files\n",
        "/usr/share/zoneinfo/Etc/UTC": b"TZif",
        "/etc/hosts": b"mine",
    })  # fmt: skip
    set_up(tree, [])
    found = listing(tree)
    assert found["/etc/passwd"] == b"root:x:0:0:root:/root:/bin/bash\nman:x:6:12:man:/m:/n\n"
    assert found["/etc/shadow"] == b"root:*::0:99999:7:::\nman:*::0:99999:7:::\n"
    assert (found["/etc/group"], found["/etc/nsswitch.conf"]) == (b"root:*:0:\n", b"passwd: files\n")
    assert (found["/etc/localtime"], found["/etc/hosts"]) == ("-> /usr/share/zoneinfo/Etc/UTC", b"mine")
    assert found["/var/run"] == "-> /run"


def test_certificates() -> None:
    tree = tree_of({
        "/usr/share/ca-certificates/mozilla/B Root.crt": b"B",
        "/usr/share/ca-certificates/mozilla/A.crt": b"A\n",
    })  # fmt: skip
    set_up(tree, [])
    found = listing(tree)
    assert found["/etc/ssl/certs/ca-certificates.crt"] == b"A\nB\n"
    assert found["/etc/ssl/certs/B_Root.pem"] == "-> /usr/share/ca-certificates/mozilla/B Root.crt"
    assert found["/etc/ca-certificates.conf"] == b"mozilla/A.crt\nmozilla/B Root.crt\n"
