# hone_ffi: the Rust crate base/ffi as one static library, built by cargo from its lock file. The crates come from cargo's
# cache when they are there (`cargo fetch --locked`), else from crates.io. One target directory serves all build
# directories of a checkout.
include_guard(GLOBAL)
set(HONE_CARGO_MINIMUM 1.88)
set(HONE_RUST_DIR "${CMAKE_SOURCE_DIR}/build/rust" CACHE PATH "Where cargo builds")
foreach(hone_minor RANGE 99 88)
  list(APPEND hone_cargo_names cargo-1.${hone_minor})
endforeach()
function(hone_new_enough result candidate)
  execute_process(COMMAND ${candidate} --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(NOT version MATCHES "([0-9]+\\.[0-9]+\\.[0-9]+)" OR CMAKE_MATCH_1 VERSION_LESS HONE_CARGO_MINIMUM)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()
find_program(HONE_CARGO NAMES cargo ${hone_cargo_names} HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin"
             VALIDATOR hone_new_enough DOC "cargo ${HONE_CARGO_MINIMUM} or later")
if(NOT HONE_CARGO)
  message(FATAL_ERROR "base/ffi needs cargo ${HONE_CARGO_MINIMUM} or later; ./hone build installs it")
endif()
set(hone_cargo_command ${HONE_CARGO})
if(HONE_CARGO MATCHES "cargo-1\\.([0-9]+)$")
  set(hone_cargo_command ${CMAKE_COMMAND} -E env RUSTC=rustc-1.${CMAKE_MATCH_1} ${HONE_CARGO})
endif()

set(hone_ffi_dir "${CMAKE_SOURCE_DIR}/base/ffi")
set(hone_ffi_library "${HONE_RUST_DIR}/release/libhone_ffi.a")
file(GLOB_RECURSE hone_ffi_sources CONFIGURE_DEPENDS "${hone_ffi_dir}/src/*.rs")
add_custom_command(
  OUTPUT ${hone_ffi_library}
  COMMAND ${hone_cargo_command} build --release --locked --quiet --manifest-path ${hone_ffi_dir}/Cargo.toml
          --target-dir ${HONE_RUST_DIR}
  COMMAND ${CMAKE_COMMAND} -E touch ${hone_ffi_library}
  DEPENDS ${hone_ffi_sources} ${hone_ffi_dir}/Cargo.toml ${hone_ffi_dir}/Cargo.lock
  COMMENT "Building the Rust crate base/ffi" VERBATIM)
add_custom_target(hone_ffi_build DEPENDS ${hone_ffi_library})
# No dependency between the targets: programs depend on the file when they are linked, so that cargo and the compiler run
# side by side.
add_library(hone_ffi STATIC IMPORTED GLOBAL)
set_target_properties(hone_ffi PROPERTIES IMPORTED_LOCATION ${hone_ffi_library})
target_link_libraries(hone_ffi INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
