"""A warm interpreter: waits for programs and becomes each of them, in a child of its own.

The library's hone_serve forks; it returns here only in the child, which already sits in its box. The program then runs
as __main__ of this interpreter and ends as any program does: threads, atexit, flush, exit code.
"""
import sys


def next_program():
    import _sitebuiltins
    import builtins
    import ctypes
    import gc
    import os

    for name in WARM.split():
        __import__(name)
    # site, which -S leaves out, defines these two, and many programs end by them.
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    library, socket, walls, directory = sys.argv[1:]
    serve = ctypes.PyDLL(library).hone_serve
    serve.restype = ctypes.POINTER(ctypes.c_char_p)
    after_fork = ctypes.pythonapi.PyOS_AfterFork_Child
    for name in ("ctypes", "_ctypes", "ctypes._endian", "struct", "_struct"):
        sys.modules.pop(name, None)
    gc.collect()
    gc.freeze()
    words = serve(int(socket), int(walls), directory.encode(), sys.executable.encode())
    after_fork()
    argv = []
    while words[len(argv)] is not None:
        argv.append(os.fsdecode(words[len(argv)]))
    path = os.path.join(os.getcwd(), argv[0])
    sys.argv = argv
    sys.orig_argv = [sys.executable, "-I", "-S", *argv]
    sys.path.insert(0, os.getcwd())
    os.environ["HOME"] = os.getcwd()
    with open(path, "rb") as file:
        source = file.read()
    main = globals()
    for name in ("next_program", "sys", "WARM"):
        del main[name]
    main.update(__file__=path, __doc__=None)
    return compile(source, path, "exec", dont_inherit=True)


WARM = """
abc array bisect cmath collections collections.abc copy copyreg dataclasses datetime decimal enum fractions functools
hashlib heapq io itertools json keyword math numbers operator os os.path queue random re statistics string textwrap
threading time traceback types typing
"""
exec(next_program())
