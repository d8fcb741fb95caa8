"""The public names: each there, none hidden by a module of its name, none loaded unasked."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import walk_packages

import pytest

import cnnviz
import cnnviz.arrays
import cnnviz.kernels
import cnnviz.ops


@pytest.mark.parametrize("package", [cnnviz, cnnviz.ops], ids=lambda package: package.__name__)
def test_no_module_hides_a_name(package):
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in set(package.__all__) - {"__version__"}:
        assert callable(getattr(package, name)), name
    assert set(dir(package)) == set(package.__all__)


@pytest.mark.parametrize("name", [*cnnviz.ops.__all__, *cnnviz._ACTIVATIONS.split()])
def test_every_operation_says_what_it_does(name):
    text = getattr(cnnviz if name in cnnviz.__all__ else cnnviz.ops, name).__doc__
    assert text.splitlines()[0].endswith(".")


def test_the_import_loads_nothing():
    code = (
        "import sys, cnnviz; print([m for m in sys.modules if m.startswith(('cnnviz.', 'numpy'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_named_kernel_opens_no_weight_file():
    code = "import sys, cnnviz; cnnviz.kernel('edge'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cnnviz.kernels._grammar" in done.stdout
    assert "cnnviz.kernels._weights" not in done.stdout


def test_every_public_name_of_the_kernels_is_there():
    assert all(hasattr(cnnviz.kernels, name) for name in cnnviz.kernels.__all__)


def test_an_unknown_name_is_an_attribute_error():
    for package in (cnnviz, cnnviz.arrays, cnnviz.kernels, cnnviz.ops, cnnviz.ops.activations):
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            package.nothing  # noqa: B018
