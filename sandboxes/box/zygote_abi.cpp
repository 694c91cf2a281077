// The server as a function that a Python interpreter calls through ctypes.
#include "sandboxes/box/server.h"

// Returns the argv, ended by null, of the program that the interpreter, now a child in its box, has to become.
extern "C" [[gnu::visibility("default")]] char** hone_serve(int socket, int walls, const char* directory,
                                                            const char* python, int own_user) {
  const hone::box::BoxConfig config{static_cast<hone::box::Walls>(walls), directory, python, true, own_user != 0};
  return hone::box::serve(config, socket);
}
