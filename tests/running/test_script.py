"""A script does under watch what it does as ``python SCRIPT``: the same bytes, and the same exit code."""

from __future__ import annotations

import re

import pytest

from tests.running.scripts import Folder

pytestmark = pytest.mark.needs("torch")

SCRIPTS = {
    "what a script finds": """
        import os, signal, sys
        print(sys.argv, __name__, sys.path[0], os.getcwd(), __file__, __spec__, __package__, __builtins__)
        print(sorted(globals()), vars(sys.modules["__main__"]) is globals(), type(__loader__).__name__)
        print(signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
        print(sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors, len(sys.meta_path) > 1)
        print(os.open(os.devnull, os.O_RDONLY), sys.stdin.read())
        """,
    "__main__ and pickle": """
        import pickle
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int
        if __name__ == "__main__":
            print(pickle.loads(pickle.dumps(Point(3))), Point.__module__)
        """,
    "sys.exit(7)": "import sys; print('x'); sys.exit(7)",
    "sys.exit(text)": "import sys; sys.exit('no more')",
    "sys.exit(256)": "raise SystemExit(256)",
    "sys.exit(1.5)": "import sys; sys.exit(1.5)",
    "sys.exit()": "import sys; sys.exit()",
    "chained errors": """
        def first():
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise ValueError("é") from error
        try:
            try:
                first()
            except ValueError:
                raise RuntimeError("second")
        finally:
            print("finally")
        """,
    "a group of errors": """
        try:
            raise OSError(2)
        except OSError:
            raise ExceptionGroup("g", [ValueError(1), ExceptionGroup("h", [TypeError(2)])])
        """,
    "an error in a sibling module": "import sibling; print(sibling.value); sibling.fail()",
    "a module that is not there": "import nowhere.at_all",
    "a relative import": "from . import sibling",
    "warnings": """
        import warnings
        warnings.warn("careful")
        def old():
            warnings.warn("deprecated", DeprecationWarning, stacklevel=2)
        old()
        """,
    "atexit and threads": """
        import atexit, threading, time
        atexit.register(print, "one")
        atexit.register(print, "two")
        def late():
            time.sleep(0.2)
            print("thread")
        threading.Thread(target=late).start()
        print("main")
        raise RuntimeError
        """,
    "errors in threads and generators": """
        import threading
        def fail():
            raise ValueError("in a thread")
        thread = threading.Thread(target=fail, name="t")
        thread.start()
        thread.join()
        def made():
            x = yield 1
            raise LookupError(x)
        generator = made()
        next(generator)
        generator.send(5)
        """,
    "os._exit": "import os; print('lost', end=''); os.write(1, b'direct\\n'); os._exit(5)",
    "os.fork": """
        import os, sys
        if os.fork() == 0:
            print("child", flush=True)
            sys.exit(3)
        print(os.waitstatus_to_exitcode(os.wait()[1]))
        if os.fork() == 0:
            os._exit(4)
        print(os.waitstatus_to_exitcode(os.wait()[1]))
        if os.fork() == 0:
            raise ValueError("in a child")
        print(os.waitstatus_to_exitcode(os.wait()[1]))
        """,
    "multiprocessing": """
        import multiprocessing
        def square(x):
            return x * x, __name__
        if __name__ == "__main__":
            for kind in ("fork", "spawn"):
                with multiprocessing.get_context(kind).Pool(1) as pool:
                    print(pool.map(square, range(3)))
        """,
    "SIGTERM": "import os, signal; print(1, flush=True); os.kill(os.getpid(), signal.SIGTERM)",
    "its own hook": """
        import sys
        def hook(kind, error, traceback):
            print("hook", kind, error.__context__, traceback.tb_lineno, traceback.tb_next)
        sys.excepthook = hook
        raise ValueError
        """,
    "a hook that fails": """
        import sys
        def hook(kind, error, traceback):
            raise TypeError("worse")
        sys.excepthook = hook
        raise ValueError("bad")
        """,
    "what standard output cannot take": "print('\\ud800')",
    "objects that die last": """
        class Late:
            def __del__(self):
                print("deleted")
        late = Late()
        """,
    "traceback.print_exc": """
        import traceback
        try:
            {}["x"]
        except KeyError:
            traceback.print_exc()
        print(open(0).read(), end="")
        """,
    "standard output that is replaced": """
        import io, sys
        sys.stdout = io.StringIO()
        print("unseen")
        """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_does_what_it_does_in_python(name: str, folder: Folder) -> None:
    folder.write("value = 7\ndef fail():\n    raise KeyError('gone')\n", "sibling.py")
    python, watched = folder.both(folder.write(SCRIPTS[name]), "a", "--steps", "-h")
    assert watched == python._replace(code=python.code or 3), name


def test_a_script_in_another_folder_and_encoding(folder: Folder) -> None:
    (folder.path / "sub").mkdir()
    (folder.path / "sub" / "beside.py").write_text("x = 1")
    source = '# coding: latin-1\nimport beside, sys\nprint("caf\xe9", sys.path[0], __file__)\n1 / 0 # \xe9\n'
    (folder.path / "sub" / "s.py").write_bytes(source.encode("latin-1"))
    (folder.path / "link.py").symlink_to("sub/s.py")
    for name in ("./sub/s.py", "link.py", str(folder.path / "sub" / "s.py")):
        python, watched = folder.both(name)
        assert python.code == 1 and "café" in python.out
        assert watched == python


def test_what_is_no_python(folder: Folder) -> None:
    name = folder.write("x = = 1\n")
    python, watched = folder.both(name)
    assert watched == python._replace(code=2)
    assert "SyntaxError: invalid syntax" in watched.err


def test_an_interrupt_that_is_not_caught(folder: Folder) -> None:
    python, watched = folder.both(folder.write("raise KeyboardInterrupt"))
    assert watched == python._replace(code=130)


def test_nothing_is_imported_before_it_is_needed(folder: Folder) -> None:
    """The script's own imports are what there is: torch is read when it asks, others never."""
    name = folder.write("import sys; print(sorted(m for m in sys.modules if '.' not in m))")
    python, watched = folder.both(name)
    more = set(re.findall(r"'(\w+)'", watched.out)) - set(re.findall(r"'(\w+)'", python.out))
    assert "zerograd" in more
    assert not more & {"torch", "numpy", "sympy", "z3", "pydantic", "ruamel", "flint", "jinja2", "matplotlib"}
    name = folder.write(
        "import torch, sys; torch.ones(1); print(sorted(m for m in sys.modules if '.' not in m))"
    )
    loaded = folder.watch(name).out.partition("]")[0]
    assert not set(re.findall(r"'(\w+)'", loaded)) & {"z3", "pydantic", "ruamel", "jinja2", "matplotlib"}
