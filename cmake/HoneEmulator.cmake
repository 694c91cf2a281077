# The portable kernels of kernels/cuda, compiled by g++ for the emulator of tests/support, and their tests (ctest label
# emulated). The emulator watches memory itself: sanitizers and fuzzers have no part in it.
include_guard(GLOBAL)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS context)

# hone_emulated_kernels(name SOURCES...): .cu files as a static library. -fsanitize=thread makes every access call a
# function, which the emulator provides in place of the sanitizer's runtime. Idioms that would turn loops into calls of
# the C library stay loops.
function(hone_emulated_kernels name)
  set_source_files_properties(${ARGN} PROPERTIES LANGUAGE CXX)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -fsanitize=thread -O2 -g1 -mavx2 -mfma -fno-threadsafe-statics
                         -fno-builtin-memcpy -fno-builtin-memset -fno-tree-loop-distribute-patterns -fno-tree-vectorize)
  target_link_libraries(${name} PUBLIC hone_emulator hone_kernels)
endfunction()

file(GLOB hone_emulator_sources CONFIGURE_DEPENDS tests/support/emulator*.cpp)
add_library(hone_emulator STATIC ${hone_emulator_sources})
target_include_directories(hone_emulator PUBLIC ${CMAKE_SOURCE_DIR})
target_compile_options(hone_emulator PRIVATE -O2)
target_link_libraries(hone_emulator PUBLIC hone_base Boost::headers Boost::context)

file(GLOB hone_cuda_sources CONFIGURE_DEPENDS kernels/cuda/*.cu)
hone_emulated_kernels(hone_cuda_emulated ${hone_cuda_sources})
file(GLOB hone_cuda_test_kernels CONFIGURE_DEPENDS tests/kernels/cuda/*.cu)
if(hone_cuda_test_kernels)
  hone_emulated_kernels(hone_cuda_test_kernels ${hone_cuda_test_kernels})
endif()

file(GLOB hone_cuda_tests CONFIGURE_DEPENDS tests/*/cuda/*_test.cpp)
add_executable(cuda_test ${hone_cuda_tests} kernels/cuda/table.cpp)
target_link_libraries(cuda_test PRIVATE hone_trainer hone_cuda_emulated $<TARGET_NAME_IF_EXISTS:hone_cuda_test_kernels>
                      GTest::gtest GTest::gmock GTest::gtest_main)
target_compile_definitions(cuda_test PRIVATE HONE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
gtest_discover_tests(cuda_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS emulated TEST_PREFIX cuda.)
