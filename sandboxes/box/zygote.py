"""A warm interpreter: waits for programs and becomes each of them, in a child of its own.

The library's hone_serve forks; it returns here only in the child, which already sits in its box. The program then runs
as __main__ and ends as programs do: traceback, threads, atexit, destructors, flush, exit code. What the interpreter
would do after that, freeing every object it has, takes longer than most programs run; it is left out.
"""
import _sitebuiltins
import atexit
import builtins
import ctypes
import gc
import os
import sys
import types

# What programs import most. A module that is loaded already costs them nothing.
WARM = """
abc array bisect cmath collections collections.abc copy copyreg dataclasses datetime decimal enum fractions functools
hashlib heapq io itertools json keyword math numbers operator os.path queue random re statistics string textwrap
threading time traceback typing
"""
OWN = ("ctypes", "_ctypes", "ctypes._endian", "struct", "_struct", "atexit")


def end_of(error):
    """The exit code that the interpreter makes of an uncaught exception; None: it ends in another way."""
    if isinstance(error, KeyboardInterrupt):
        return None
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1


def flush():
    """False when a standard stream cannot be written."""
    done = True
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        if stream is None or getattr(stream, "closed", False):
            continue
        try:
            stream.flush()
        except Exception as error:
            if name == "stdout":
                done = False
                sys.unraisablehook(types.SimpleNamespace(
                    exc_type=type(error), exc_value=error, exc_traceback=None, err_msg=None, object=stream))
    return done


def leave(collect=gc.collect, leave_now=os._exit):
    """Called after all atexit functions of the program."""
    if exit_code is None:
        return
    done = flush()
    for name in [name for name in sys.modules if name not in known]:
        del sys.modules[name]
    sys.modules.pop("__main__", None)
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        setattr(sys, name, None)
    atexit._clear()
    program.clear()
    collect()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    done = flush() and done
    leave_now(exit_code if done else 120)


def serve():
    """The argv of the program to become."""
    library, socket, walls, directory, own_user = sys.argv[1:]
    hone_serve = ctypes.PyDLL(library).hone_serve
    hone_serve.restype = ctypes.POINTER(ctypes.c_char_p)
    after_fork = ctypes.pythonapi.PyOS_AfterFork_Child
    for name in OWN:
        sys.modules.pop(name, None)
    gc.collect()
    gc.freeze()
    words = hone_serve(int(socket), int(walls), directory.encode(), sys.executable.encode(), int(own_user))
    after_fork()
    argv = []
    while words[len(argv)] is not None:
        argv.append(os.fsdecode(words[len(argv)]))
    return argv


def load(argv):
    """The program's code and the module it becomes."""
    directory = os.getcwd()
    path = os.path.join(directory, argv[0])
    sys.argv = argv
    sys.orig_argv = [sys.executable, "-I", "-S", *argv]
    sys.path[0] = directory  # was the directory of this file
    os.environ["HOME"] = directory
    main = types.ModuleType("__main__")
    main.__dict__.update(__annotations__={}, __builtins__=builtins, __cached__=None, __file__=path)
    sys.modules["__main__"] = main
    with open(path, "rb") as file:
        source = file.read()
    return compile(source, path, "exec", dont_inherit=True), main.__dict__


for name in WARM.split():
    __import__(name)
# site, which -S leaves out, defines these two, and many programs end by them.
builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
known = {*sys.modules, "atexit"}
exit_code = 0
program = []
words = serve()
atexit.register(leave)
try:
    program += load(words)
    exec(*program)
except BaseException as error:
    exit_code = end_of(error)
    raise
