# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""docs/configuration.md against the program: its keys are those that the reader accepts, and defaults, allowed values and
examples are true. `check -j` shows every setting, so that two configurations can be compared by it."""
import copy
import itertools
import json
import re
import subprocess
import unittest

import lib

DOCUMENT = lib.ROOT / "docs/configuration.md"
USER = {"cache": {}, "icmp": {}, "sfs": [{"name": "fw", "ports": {"left": {"interface": "f0"}, "right": {"interface": "f1"}}}],
        "services": [{"name": "out", "match": {"encapsulation": "mpls", "label": 16001}, "domain": [{"interface": "p0"}],
                      "sf": {"name": "fw", "in": "left"},
                      "next_hop": {"interface": "p1", "mac": "02:00:00:00:00:99"}}]}
ARM = copy.deepcopy(USER)
ARM["sfs"][0]["ports"] = {"both": {"interface": "f0"}}
del ARM["services"][0]["sf"]["in"]
BEHIND = copy.deepcopy(ARM)  # may be a kernel behind its port
BEHIND["sfs"][0]["ports"]["both"]["mac"] = "02:00:00:00:00:0a"
ROUTED = copy.deepcopy(USER)
for port in ROUTED["sfs"][0]["ports"].values():
    port["mac"] = "02:00:00:00:00:0a"
KERNEL = copy.deepcopy(USER)
KERNEL["sfs"][0] = {"name": "fw", "stack": {}}
KERNEL["services"][0] = USER["services"][0] | {"sf": {"name": "fw"}, "egress": [{"interface": "p1"}]}
del KERNEL["services"][0]["next_hop"]
NSH = copy.deepcopy(USER)
NSH["services"][0]["match"] = {"encapsulation": "nsh", "spi": 777, "si": 7}
NSH["services"][0]["next_hop"]["tunnel"] = {"remote": "192.0.2.9", "local": "192.0.2.1"}
FIB = copy.deepcopy(NSH)
FIB["services"][0]["next_hop"] = {"fib": [{"interface": "p1"}], "tunnel": NSH["services"][0]["next_hop"]["tunnel"]}
OF_NSH = re.compile(r"vxlan_gpe_port|\.(spi|si|forwarder|oam)$|\.tunnel\b")
SRV6 = copy.deepcopy(USER)
SRV6["services"][0]["match"] = {"encapsulation": "srv6", "sid": "2001:db8:100::/48"}
STATIC = copy.deepcopy(SRV6)
STATIC["services"][0]["match"]["behaviour"] = "as"
STATIC["services"][0]["header"] = {"source": "2001:db8::1", "segments": ["2001:db8:1::1"]}
OF_SRV6 = re.compile(r"\.(sid|behaviour|lblen|nflen)$|services\[\]\.cache$")
DIFFER = ("services[]", "services[].match", "services[].next_hop")  # each encapsulation has keys of its own there
# Only one of each pair can be there.
EXCLUDE = {"services[].next_hop.ip": "mac"}
BAD = '"a/b:~ "'  # neither a number nor a word, an address or a name
UNKNOWN = "nobodys_key"


def expand(path):
    """ "a.{b,c}" is "a.b" and "a.c"."""
    parts = [part.split(",") if "," in part else [part] for part in re.split(r"[{}]", path)]
    return ["".join(words) for words in itertools.product(*parts)]


def rows():
    found = []
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 5 and cells[0].startswith("`"):
            found += [(path, *cells[1:]) for path in expand(cells[0].strip("`"))]
    return found


def base_of(path):
    if path == "sfs[].stack":
        return BEHIND
    if ".fib" in path:
        return FIB
    if path.startswith("sfs[].ports.") and path.endswith(".accept"):  # the default is not the same for both
        return BEHIND if ".both" in path else ROUTED
    if OF_NSH.search(path):
        return NSH
    if OF_SRV6.search(path):
        return SRV6
    if ".header." in path or path.endswith(".header"):
        return STATIC
    return KERNEL if ".stack." in path or ".egress" in path else ARM if ".both" in path else USER


def parent_of(path):
    return path.rpartition(".")[0] if not path.endswith("[]") else path[:-2]


def with_value(path, text, key=None, base=None):
    """The base with the value `text` (YAML) at the path; without it where `text` is None."""
    config = copy.deepcopy(base or base_of(path))
    node = config
    *above, last = re.findall(r"\w+|\[\]", path)
    if path == "sfs[].rtp_ports[]":
        node, last, text = config["sfs"][0], "rtp_ports", text and f"[{text}]"
        above = []
    for step in above:
        node = node[0] if step == "[]" else node[step]
    if path in EXCLUDE and text is not None:
        del node[EXCLUDE[path]]
    node.pop(last, None)
    if text is not None:
        node[key or last] = "@@"
    return json.dumps(config).replace('"@@"', text or "")


def check(text):
    done = subprocess.run([lib.BINARY, "check", "-j", "-c", "-"], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout or done.stderr


def allowed(sentence):
    """The allowed values that a message names."""
    for before in ("is not allowed here; (?:use|give)", "; allowed are", "; write", "must be", "is not"):
        if found := re.search(f"{before} (.*)", sentence.strip()):
            return re.sub(r", not .*", "", found[1])
    raise AssertionError(sentence)


class Reference(unittest.TestCase):
    def test_keys(self):
        """Of every mapping, the keys that the reader names are those in the document."""
        documented = {}
        for path, *_ in rows():
            if not path.endswith("[]"):
                documented.setdefault(parent_of(path), set()).add(path.rpartition(".")[2])
        self.assertGreater(len(documented), 10)
        for mapping, keys in documented.items():
            with self.subTest(mapping):
                inside = f"{mapping}.{UNKNOWN}" if mapping else UNKNOWN
                reader = set()
                for base in (USER, NSH, SRV6) if mapping in DIFFER else (None,):
                    code, said = check(with_value(inside, "1", base=base))
                    self.assertEqual(code, 2, said)
                    reader |= set(re.search(r"allowed are (.*)", said)[1].split(", "))
                for key in reader - keys:  # one that it accepts in other mappings, and refuses here by name
                    code, said = check(with_value(f"{mapping}.{key}", '"02:00:00:00:00:99"' if key == "mac" else "192.0.2.9"))
                    self.assertRegex(said, "takes no 'mac' and no 'ip'", key)
                self.assertEqual(keys - reader, set())

    def test_in(self):
        """It is required with two ports and refused otherwise, and both documents that show it say so."""
        row = next(row for row in rows() if row[0] == "services[].sf.in")
        for config, words in ((ARM, "one-armed"), (KERNEL, "this host's kernel")):
            self.assertEqual(check(json.dumps(config))[0], 0)
            self.assertEqual(check(with_value("services[].sf.in", "left", base=config))[0], 2)
            self.assertIn(words, row[3])
        comment = re.search("# one-armed: .*", (lib.ROOT / "README.md").read_text())[0]
        self.assertIn("both", comment)
        self.assertIn("no 'in'", comment)

    def test_defaults(self):
        for path, default, *_ in rows():
            with self.subTest(path):
                code, without = check(with_value(path, None))
                if default == "required":
                    self.assertEqual(code, 2, without)
                    continue
                self.assertEqual(code, 0, without)
                if default.startswith("`"):
                    self.assertEqual(check(with_value(path, default.strip("`"))), (0, without))

    def test_allowed_values(self):
        """The words of the document are those of the reader's message."""
        for path, _, values, *_ in rows():
            with self.subTest(path):
                code, said = check(with_value(path, BAD))
                self.assertEqual(code, 2, said)
                if path == "services[].sf.name":
                    self.assertIn("not among the sfs", said)
                else:
                    self.assertEqual(values, allowed(said))

    def test_ranges(self):
        """The first and the last value are allowed, and those next to them are not."""
        for path, _, values, *_ in rows():
            found = re.match(r"a whole number from (\d+) to (\d+)", values)
            if not found or path == "services[].quota":
                continue
            least, most = int(found[1]), int(found[2])
            with self.subTest(path):
                for number, code in ((least, 0), (most, 0), (least - 1, 2), (most + 1, 2)):
                    self.assertEqual(check(with_value(path, str(number)))[0], code, number)

    def test_examples(self):
        """Each is taken, and `check` shows it."""
        for path, default, _, _, example in rows():
            with self.subTest(path):
                text = example.strip("`")
                code, said = check(with_value(path, text))
                self.assertEqual(code, 0, said)
                if default not in ("required", example):
                    self.assertNotEqual(said, check(with_value(path, None))[1], "check does not show it")


if __name__ == "__main__":
    unittest.main()
