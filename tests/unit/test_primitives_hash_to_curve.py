"""Hash to curve against RFC 9380."""

import subprocess
import sys

import pytest
from primitives_kit import BACKEND, vectors

from cleanroom.errors import MisuseError
from cleanroom.primitives.hash_to_curve import (
    add_points,
    clear_cofactor,
    expand_message_xmd,
    hash_to_field,
    map_to_curve,
)

RO = vectors("rfc9380-curve25519_XMD-SHA-512_ELL2_RO_.json")
XMD = vectors("rfc9380-expand_message_xmd_SHA512_38.json")


def affine(point):
    return int(point["x"], 16), int(point["y"], 16)


@pytest.mark.parametrize("case", XMD["tests"], ids=lambda case: f"{case['len_in_bytes']}-{len(case['msg'])}")
def test_expand_message_xmd(case):
    out = expand_message_xmd(case["msg"].encode(), XMD["DST"].encode(), int(case["len_in_bytes"], 16))
    assert out.hex() == case["uniform_bytes"]


@pytest.mark.parametrize("case", RO["vectors"], ids=lambda case: str(len(case["msg"])))
def test_steps_of_the_suite(case):
    elements = hash_to_field(case["msg"].encode(), RO["dst"].encode())
    assert elements == tuple(int(u, 16) for u in case["u"])
    mapped = map_to_curve(elements)
    assert mapped == [affine(case["Q0"]), affine(case["Q1"])]
    assert clear_cofactor(add_points([(mapped[0], mapped[1])])) == [affine(case["P"])[0]]


def test_backend_gives_the_u_coordinates_of_the_suite():
    messages = [case["msg"].encode() for case in RO["vectors"]]
    out = BACKEND.hash_to_curve(RO["dst"].encode(), b"", messages)
    assert [int.from_bytes(u.tobytes(), "little") for u in out] == [affine(c["P"])[0] for c in RO["vectors"]]
    BACKEND.check_points(out)


def test_prefix_is_prepended():
    whole = BACKEND.hash_to_curve(b"dst", b"", [b"abcdef"])
    assert BACKEND.hash_to_curve(b"dst", b"abc", [b"def"]).tolist() == whole.tolist()
    assert BACKEND.hash_to_curve(b"other", b"abc", [b"def"]).tolist() != whole.tolist()


def test_adding_a_point_to_itself_and_to_its_negative():
    q = affine(RO["vectors"][0]["Q0"])
    p = 2**255 - 19
    double, infinity = add_points([(q, q), (q, (q[0], p - q[1]))])
    x, z = (q[0] ** 2 - 1) ** 2, 4 * q[0] * (q[0] ** 2 + 486662 * q[0] + 1)
    assert double == x * pow(z, -1, p) % p
    assert infinity is None
    assert clear_cofactor([infinity]) == [0]


@pytest.mark.parametrize("dst", [b"", bytes(256)])
def test_bad_tags_are_misuse(dst):
    with pytest.raises(MisuseError):
        BACKEND.hash_to_curve(dst, b"", [b"x"])


def test_worker_functions_import_nothing_heavy():
    code = ("import sys, cleanroom.primitives.curve, cleanroom.primitives.hash_to_curve;"
            "print(sorted({'numpy', 'pandas', 'pydantic', 'opendp', 'duckdb', 'grpc'} & set(sys.modules)))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
