"""Networks on a bad day: stopped and doubled runs, closed pipes, numbers without bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from safetensors.numpy import save_file

from cnnviz.cli import stamp
from cnnviz.files import is_temporary

NET = "Conv2D(3, 3, name='a') ReLU(name='r')"
MODEL = ("--model", NET, "--input", "12x16x3")
FOLDER = "cnnviz-out/photo-features-Conv2D-ReLU-12x16x3"
NAMES = {"000-index.png", "001-a.png", "002-r.png", "index.html"}
ROOT = Path(__file__).resolve().parent.parent
# A NaN that signals, which many a conversion warns of.
SIGNALLING = np.array([0x7F800001], np.uint32).view(np.float32)


class TestHalfAFolder:
    """What a run leaves that was stopped halfway is replaced by the same run, not set aside."""

    def test_an_empty_one(self, cnnviz, photo, folder):
        (folder / FOLDER).mkdir(parents=True)
        assert cnnviz("features", photo, *MODEL).err == f"wrote {FOLDER}/ (4 files)\n"
        assert files(folder / FOLDER) == NAMES

    def test_one_with_a_temporary(self, cnnviz, photo, folder):
        cnnviz("features", photo, *MODEL)
        whole = {name: (folder / FOLDER / name).read_bytes() for name in NAMES}
        for name in NAMES:
            os.unlink(folder / FOLDER / name)
        left = killed_temporary(folder)
        (folder / FOLDER / left).write_bytes(whole["001-a.png"][:99])
        # The folder was looked through by this process, once: another one sees it again.
        done = subprocess.run(command("features", photo, *MODEL), env=environ(), check=False)
        assert done.returncode == 0
        assert {n: (folder / FOLDER / n).read_bytes() for n in files(folder / FOLDER)} == whole

    def test_nothing_is_left_where_not_even_the_first_file_can_be_written(
        self, cnnviz, photo, folder, monkeypatch
    ):
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        assert "no space left on device" in cnnviz("features", photo, *MODEL).fault(4)
        assert not (folder / FOLDER).exists()
        assert files(folder) == {"photo.png"}


def test_runs_that_are_started_twice_share_their_folder(photo, folder):
    words = command("features", photo, "--model", NET + " Conv2D(3, 3) ReLU()", *MODEL[2:])
    for _ in range(2):
        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda _: quiet(words), range(3)))
        assert [one.returncode for one in done] == [0] * 3
        assert len(list((folder / "cnnviz-out").iterdir())) == 1
    left = files(folder)
    assert len(left) == 7
    assert not any(is_temporary(Path(name).name) for name in left)


def test_another_process_s_temporary_is_not_taken_away(cnnviz, photo, folder):
    """It may be a whole file of the same run, about to get its name."""
    cnnviz("features", photo, *MODEL)
    mine = folder / FOLDER / f".cnnviz-{os.getpid()}-00000000-00000000.tmp"
    mine.write_bytes((folder / FOLDER / "001-a.png").read_bytes())
    assert stamp.read(os.fspath(mine)) == stamp.read(os.fspath(folder / FOLDER / "001-a.png"))
    assert cnnviz("features", photo, *MODEL).code == 0
    assert mine.exists()


@pytest.mark.parametrize("words", [("weights",), ("weights", "--json"), ("weights", "--no-stats")])
def test_a_closed_pipe_is_no_fault_of_the_file(folder, words):
    save_file({"c.kernel": np.ones((3, 3, 1, 2), np.float32)}, folder / "w.safetensors")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command(*words, "w.safetensors"),
        env=environ(), stdout=writer, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("name", ["x" * 180, "a\udcffb", "a\u202eb", "a\x1bb"])
def test_a_spec_whose_file_has_a_name_that_no_model_may_have(cnnviz, photo, folder, name):
    spec = {"input_shape": [9, 9, 3], "layers": [{"type": "Conv2D", "kernels": ["edge"]}]}
    Path(f"{name}.json").write_text(json.dumps(spec))
    report = json.loads(cnnviz("shapes", "--model", f"{name}.json", "--json").out)
    assert report["model"] == name.translate(dict.fromkeys(map(ord, "\udcff\u202e\x1b"), "_"))[:100]
    assert cnnviz("features", photo, "--model", f"{name}.json").code == 0


@pytest.mark.filterwarnings("error")
class TestNumbers:
    def test_a_limit_that_no_value_reaches(self, cnnviz, photo):
        words = ("--model", "ReLU(max_value=1e308)", "--input", "12x16x3", "--layer", "*")
        (row,) = json.loads(cnnviz("features", photo, *words, "--json").out)["maps"]
        assert row["saturated"] == 0

    @pytest.mark.parametrize("command", ["weights", "predict"])
    def test_nan_that_signals(self, cnnviz, photo, folder, command):
        kernel = np.ones((3, 3, 3, 2), np.float32)
        kernel.view(np.uint32)[0, 0, 0, 0] = SIGNALLING.view(np.uint32)[0]
        save_file({"c.kernel": kernel, "c.bias": np.ones(2, np.float32)}, folder / "w.safetensors")
        if command == "weights":
            result = cnnviz("weights", "w.safetensors", "--json")
            (row, *_) = [r for r in json.loads(result.out)["tensors"] if r["name"] == "c.kernel"]
            assert (row["not_finite"], row["dead_filters"]) == (1, None)
            return
        net = "Conv2D(2, 3, name='c') GlobalAveragePooling2D()"
        words = ("--model", net, "--input", "12x16x3", "--weights", "w.safetensors")
        result = cnnviz("predict", photo, *words)
        assert (result.code, result.err.count("NaN or infinite")) == (1, 1)

    def test_preprocessing_that_overflows(self, cnnviz, photo, folder):
        table = {"scale": 1e30, "std": 1e-30}
        layers = [{"type": "Conv2D", "kernels": ["edge"]}]
        spec = {"input_shape": [9, 9, 3], "preprocess": table, "layers": layers}
        Path("s.json").write_text(json.dumps(spec))
        message = cnnviz("features", photo, "--model", "s.json").fault(1)
        assert "input: 243 of 243 values are NaN or infinite" in message

    def test_gray_for_a_million_channels(self, cnnviz, folder):
        np.save("gray.npy", np.ones((40, 50), np.float32))
        net = "Conv2D(1, 1)"
        words = ("--model", net, "--input", "4x4x1000000", "--max-memory", "300M")
        assert "gray repeated 1000000 times needs" in cnnviz("features", "gray.npy", *words).fault(
            5
        )

    @pytest.mark.parametrize(
        "layer",
        [{"type": "Permute", "dims": list(range(1, 2000))},
         {"type": "Reshape", "target_shape": [16] * 2000}],
    )  # fmt: skip
    def test_long_values_are_cut(self, cnnviz, layer):
        Path("s.json").write_text(json.dumps({"input_shape": [9, 9, 3], "layers": [layer]}))
        assert len(cnnviz("shapes", "--model", "s.json").fault(2)) < 500


def test_the_time_of_loading_is_limited_too(cnnviz, photo, folder, monkeypatch):
    monkeypatch.setattr("cnnviz.model.load_model", lambda **_: time.sleep(20))
    for words in (("features", photo), ("predict", photo)):
        message = cnnviz(*words, "--model", "net.toml", "--timeout", "0.05").fault(5)
        assert message.startswith("net.toml: not done within 0.05 s")


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "cnnviz", *map(str, words)]


def quiet(words: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(words, env=environ(), capture_output=True, check=False)


def environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}


def killed_temporary(folder: Path) -> str:
    """Return the name of a temporary of a process that has ended."""
    code = (
        "import os; from cnnviz import files\n"
        "with files.open_atomic('x') as file: print(os.path.basename(file.name)); os._exit(0)"
    )
    flush = code.replace("file.name))", "file.name), flush=True)")
    words = [sys.executable, "-c", flush]
    done = subprocess.run(words, env=environ(), capture_output=True, text=True, check=True)
    (folder / done.stdout.strip()).unlink()
    return done.stdout.strip()
