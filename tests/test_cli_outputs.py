"""Where results go: names, formats, and what is never overwritten."""

from __future__ import annotations

import io
import os
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviz.cli import outputs, stamp
from cnnviz.cli.names import MAX_BYTES, clip, distinct, slug
from cnnviz.cli.types import OUTPUT
from cnnviz.errors import SpecError

FORMATS = ("png", "svg", "npy")
EDGE = ("--kernel", "edge")


def plan(*targets: str, sources=("a.png",), **options):
    parsed = [OUTPUT.convert(text, None, None) for text in targets]
    slots = outputs.plan(parsed, sources, "convolve-edge", formats=FORMATS, **options)
    return [[(slot.path, slot.format) for slot in row] for row in slots]


class TestNames:
    @pytest.mark.parametrize(
        ("arguments", "name"),
        [
            (("--kernel", "edge"), "photo-convolve-edge.png"),
            (
                ("--kernel", "edge", "--stride", "2", "--padding", "same"),
                "photo-convolve-edge-s2-same.png",
            ),
            (
                ("--kernel", "sobel-x", "--kernel", "gaussian:5,2", "--stride", "2x3"),
                "photo-convolve-sobel-x-gaussian-5,2-s2x3.png",
            ),
            (("--kernel", "edge", "--stride", "1", "--display", "auto"), "photo-convolve-edge.png"),
            (("--kernel", "1 0 -1; 2 0 -2"), "photo-convolve-1-0-1-2-0-2.png"),
            (
                ("--kernel", "edge", "--padding", "1,2,3,4", "--border", "0.5", "--flip"),
                "photo-convolve-edge-p1,2,3,4-border-0.5-flip.png",
            ),
            (
                ("--kernel", "edge", "--theme", "dark", "--scale", "2", "--bias", "-1"),
                "photo-convolve-edge-bias-1-dark-at2.png",
            ),
        ],
    )
    def test_image_command_and_settings(self, cnnviz, photo, folder, arguments, name):
        result = cnnviz("convolve", photo, *arguments)
        assert result.code == 0
        assert result.err == f"wrote cnnviz-out/{name}\n"
        assert files(folder) == {"photo.png", f"cnnviz-out/{name}"}

    @settings(deadline=None, derandomize=True, max_examples=300)
    @given(st.text(st.characters(exclude_categories=()), max_size=400))
    def test_any_text_is_one_safe_part(self, text):
        name = clip(f"{slug(text)}-convolve", ".png")
        assert len(name.encode()) <= MAX_BYTES
        assert os.path.basename(name) == name
        assert re.fullmatch(r"[\w=+][\w.,=+-]*\.png", name), name

    @settings(deadline=None, derandomize=True, max_examples=300)
    @given(st.lists(st.sampled_from(["a", "A", "a-2", "a-3", "b", "a-2-2"]), max_size=8))
    def test_names_never_collide(self, names):
        result = distinct(names)
        assert len({name.casefold() for name in result}) == len(names)
        assert all(new.startswith(old) for new, old in zip(result, names, strict=True))


class TestPlan:
    def test_without_a_target_it_is_a_picture_in_our_folder(self):
        assert plan() == [[("cnnviz-out/a-convolve-edge.png", "png")]]

    def test_the_suffix_picks_the_writer(self):
        assert plan("x.SVG", "y.npy") == [[("x.SVG", "svg"), ("y.npy", "npy")]]

    def test_stdout_is_the_first_format_or_the_named_one(self):
        assert plan("-") == [[(None, "png")]]
        assert plan("npy:-") == [[(None, "npy")]]

    def test_folders_and_stems(self):
        sources = ["x/cat.png", "y/cat.jpg", "-"]
        assert plan("out/", "{stem}.svg", sources=sources) == [
            [("out/cat-convolve-edge.png", "png"), ("cat.svg", "svg")],
            [("out/cat-2-convolve-edge.png", "png"), ("cat-2.svg", "svg")],
            [("out/stdin-convolve-edge.png", "png"), ("stdin.svg", "svg")],
        ]

    @pytest.mark.parametrize(
        ("targets", "options", "message"),
        [
            (["x.gif"], {}, "no output format 'gif'; use png, svg, npy"),
            (["tiff:-"], {}, "no output format 'tiff'"),
            (["-", "npy:-"], {}, "twice"),
            (["-"], {"as_json": True}, "--json"),
            (["-"], {"sources": ["a", "b"]}, "takes one image, not 2"),
            (["x.png"], {"sources": ["a", "b"]}, r"one file for 2 images; use -o DIR/ or a name"),
            (["x.png", "./x.png"], {}, "two outputs"),
        ],
    )
    def test_refusals(self, folder, targets, options, message):
        with pytest.raises(SpecError, match=message):
            plan(*targets, **options)
        assert files(folder) == set()


class TestExisting:
    def test_an_existing_target_needs_overwrite(self, cnnviz, photo, folder):
        (folder / "out.png").write_bytes(b"old")
        message = cnnviz("convolve", photo, *EDGE, "-o", "out.png").fault(4)
        assert message == "out.png exists; use --overwrite or another name"
        assert (folder / "out.png").read_bytes() == b"old"
        assert cnnviz("convolve", photo, *EDGE, "-o", "out.png", "--overwrite").code == 0
        assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")

    def test_every_target_is_checked_before_the_image_is_read(self, cnnviz, folder):
        (folder / "b.npy").touch()
        cnnviz("convolve", "missing.png", *EDGE, "-o", "a.png", "-o", "b.npy").fault(4)
        assert files(folder) == {"b.npy"}

    @pytest.mark.parametrize("kind", ["itself", "hard link"])
    def test_an_input_is_never_overwritten(self, cnnviz, photo, folder, kind):
        before = photo.read_bytes()
        target = "photo.png" if kind == "itself" else "link.png"
        if kind == "hard link":
            os.link(photo, "link.png")
        message = cnnviz("convolve", photo, *EDGE, "-o", target, "--overwrite").fault(4)
        assert message == f"{target} is an input, which is never overwritten; use another name"
        assert photo.read_bytes() == before

    @pytest.mark.parametrize("prefix", ["", "file:"])
    def test_nor_is_a_kernel(self, cnnviz, photo, folder, prefix):
        np.save(folder / "kernel.npy", np.eye(3))
        kernel = f"{prefix}kernel.npy"
        target = ("-o", "kernel.npy", "--overwrite")
        assert "is an input" in cnnviz("convolve", photo, "--kernel", kernel, *target).fault(4)
        assert np.array_equal(np.load(folder / "kernel.npy"), np.eye(3))

    def test_nor_is_a_model(self, cnnviz, folder):
        spec = cnnviz("models", "lenet5").out
        (folder / "net.toml").write_bytes(spec)
        os.link("net.toml", "net.md")
        target = ("-o", "net.md", "--overwrite")
        assert "is an input" in cnnviz("shapes", "--model", "net.toml", *target).fault(4)
        assert (folder / "net.toml").read_bytes() == spec

    def test_a_symlink_is_refused_even_with_overwrite(self, cnnviz, photo, folder):
        (folder / "real.png").write_bytes(b"old")
        (folder / "out.png").symlink_to("real.png")
        for flags in ((), ("--overwrite",)):
            message = cnnviz("convolve", photo, *EDGE, "-o", "out.png", *flags).fault(4)
            assert message == "out.png is a symlink; name the real file"
        assert (folder / "real.png").read_bytes() == b"old"

    def test_a_folder_keeps_the_rule(self, cnnviz, photo):
        assert cnnviz("convolve", photo, *EDGE, "-o", "out/").code == 0
        assert "exists" in cnnviz("convolve", photo, *EDGE, "-o", "out/").fault(4)


class TestOurFolder:
    """The same run replaces its own earlier picture, a different run never does."""

    def test_the_same_run_replaces(self, cnnviz, photo, folder):
        for _ in range(2):
            assert cnnviz("convolve", photo, *EDGE, "--stride", "2").code == 0
        assert cnnviz("convolve", "./photo.png", *EDGE, "--stride", "2x2").code == 0
        assert files(folder / "cnnviz-out") == {"photo-convolve-edge-s2.png"}

    def test_another_image_of_that_name_does_not(self, cnnviz, photo, folder):
        (folder / "other").mkdir()
        os.rename(photo, "other/photo.png")
        Image.new("L", (9, 9)).save(photo)
        for path in (photo, "other/photo.png", photo, "other/photo.png"):
            assert cnnviz("convolve", path, *EDGE).code == 0
        ours = files(folder / "cnnviz-out")
        assert ours == {"photo-convolve-edge.png", "photo-convolve-edge-2.png"}
        contents = {(folder / "cnnviz-out" / name).read_bytes() for name in ours}
        assert len(contents) == 2

    def test_settings_whose_names_agree_do_not(self, cnnviz, photo, folder):
        for kernel in ("1 0 -1", "1 0 1"):
            assert cnnviz("convolve", photo, "--kernel", kernel).code == 0
        assert len(files(folder / "cnnviz-out")) == 2

    @pytest.mark.parametrize("kind", ["text", "picture", "symlink", "folder", "pipe", "empty"])
    def test_a_strangers_file_is_left_alone(self, cnnviz, photo, folder, kind):
        place = folder / "cnnviz-out" / "photo-convolve-edge.png"
        place.parent.mkdir()
        if kind == "symlink":
            place.symlink_to(photo.resolve())
        elif kind == "folder":
            place.mkdir()
        elif kind == "pipe":
            os.mkfifo(place)
        elif kind == "picture":
            Image.new("L", (3, 3)).save(place)
        else:
            place.write_bytes(b"mine" if kind == "text" else b"")
        before = os.lstat(place)
        assert cnnviz("convolve", photo, *EDGE).code == 0
        after = os.lstat(place)
        assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)
        assert (place.parent / "photo-convolve-edge-2.png").is_file()

    def test_standard_input_is_known_by_its_content(self, cnnviz, photo, folder):
        Image.new("RGB", (9, 9)).save("black.png")
        for path in (photo, photo, Path("black.png")):
            assert cnnviz("convolve", "-", *EDGE, stdin=path.read_bytes()).code == 0
        ours = {"stdin-convolve-edge.png", "stdin-convolve-edge-2.png"}
        assert files(folder / "cnnviz-out") == ours

    def test_the_stamp_is_a_sound_chunk(self, cnnviz, photo, folder):
        assert cnnviz("convolve", photo, *EDGE).code == 0
        path = folder / "cnnviz-out" / "photo-convolve-edge.png"
        data = path.read_bytes()
        assert data[12:16] == b"IHDR"
        size = int.from_bytes(data[33:37], "big")
        assert int.from_bytes(data[41 + size : 45 + size], "big") == zlib.crc32(
            data[37 : 41 + size]
        )
        with Image.open(path) as image:
            image.load()
            assert image.text["cnnviz-run"] == stamp.read(os.fspath(path))
        assert str(folder) not in repr(image.text)

    def test_a_full_name_still_gets_an_index(self, cnnviz, photo, folder):
        os.rename(photo, "ä" * 120 + ".png")
        for kernel in ("1 0 -1", "1 0 1"):
            assert cnnviz("convolve", "ä" * 120 + ".png", "--kernel", kernel).code == 0
        names = files(folder / "cnnviz-out")
        assert len(names) == 2
        assert all(len(name.encode()) <= MAX_BYTES for name in names)

    def test_a_file_in_place_of_the_folder(self, cnnviz, photo, folder):
        (folder / "cnnviz-out").touch()
        assert "cannot write cnnviz-out" in cnnviz("convolve", photo, *EDGE).fault(4)


class TestRaw:
    """Raw maps keep the floats, in the shapes that the design states."""

    def test_npy_is_height_width_kernels(self, cnnviz, photo):
        result = cnnviz("convolve", photo, *EDGE, "--kernel", "box", "-o", "npy:-")
        values = np.load(io.BytesIO(result.out))
        assert (values.shape, values.dtype) == ((10, 14, 2), np.float32)

    def test_npz_keys_are_kernels(self, cnnviz, photo, folder):
        kernels = ("--kernel", "edge", "--kernel", "gaussian:5,2", "--kernel", "edge")
        assert cnnviz("convolve", photo, *kernels, "-o", "maps.npz").code == 0
        with np.load(folder / "maps.npz") as maps:
            assert list(maps) == ["edge", "gaussian:5,2", "edge-2"]
            assert maps["gaussian:5,2"].shape == (8, 12)

    def test_maps_of_different_shapes_do_not_stack(self, cnnviz, photo, folder):
        kernels = (*EDGE, "--kernel", "gaussian:5,2")
        message = cnnviz("convolve", photo, *kernels, "-o", "maps.npy").fault(2)
        assert message.endswith("use --padding same or .npz")
        assert files(folder) == {"photo.png"}

    def test_csv_holds_one_map(self, cnnviz, photo):
        values = np.loadtxt(io.BytesIO(cnnviz("convolve", photo, *EDGE, "-o", "csv:-").out),
                            delimiter=",")  # fmt: skip
        assert values.shape == (10, 14)
        cnnviz("convolve", photo, *EDGE, *EDGE, "-o", "csv:-").fault(2)

    def test_a_pooled_photo_has_three_channels(self, cnnviz, photo):
        values = np.load(io.BytesIO(cnnviz("pool", photo, "-o", "npy:-").out))
        assert values.shape == (6, 8, 3)

    def test_formats_of_one_run_agree(self, cnnviz, photo, folder):
        targets = ("-o", "maps.npy", "-o", "maps.npz", "-o", "maps.csv", "-o", "fig.svg")
        result = cnnviz("convolve", photo, *EDGE, *targets, "-o", "fig.png", "--json")
        assert result.code == 0
        names = {"maps.npy", "maps.npz", "maps.csv", "fig.svg", "fig.png"}
        assert files(folder) == names | {"photo.png"}
        values = np.load("maps.npy")[:, :, 0]
        assert np.array_equal(values, np.load("maps.npz")["edge"])
        assert np.array_equal(values, np.loadtxt("maps.csv", delimiter=",", dtype=np.float32))


class TestStdout:
    def test_a_picture_is_png_and_the_report_goes_to_stderr(self, cnnviz, photo, folder):
        result = cnnviz("convolve", photo, *EDGE, "-o", "-")
        with Image.open(io.BytesIO(result.out)) as image:
            assert image.format == "PNG"
        assert result.err.startswith("input ")
        assert files(folder) == {"photo.png"}

    def test_quiet_leaves_nothing_but_the_data(self, cnnviz, photo):
        result = cnnviz("convolve", photo, *EDGE, "-o", "npy:-", "-q")
        assert (result.err, result.out[:6]) == ("", b"\x93NUMPY")

    def test_a_table_is_text(self, cnnviz, folder):
        result = cnnviz("models", "-o", "-")
        assert (result.code, result.err) == (0, "")
        assert result.text.count("vgg16") == 1
        assert files(folder) == set()


def test_two_of_a_stem_get_an_index(cnnviz, photo, folder):
    (folder / "b").mkdir()
    Image.new("L", (5, 5)).save("b/photo.bmp")
    result = cnnviz("convolve", photo, "b/photo.bmp", *EDGE, "-o", "{stem}.npy")
    assert result.code == 0
    assert {"photo.npy", "photo-2.npy"} <= files(folder)
    assert np.load("photo-2.npy").shape == (3, 3, 1)
