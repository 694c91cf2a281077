# hone_cuda: everything of CUDA as one library, libhone_cuda.so, which the program loads when a device is asked for. Made
# where HONE_NVCC names the compiler of a CUDA 13 toolkit, whole or from PyPI wheels (requirements/cuda.in).
# enable_language(CUDA) is not used: CMake 3.25 knows neither C++20 for nvcc nor the layout of the wheels.
include_guard(GLOBAL)
set(HONE_NVCC "" CACHE FILEPATH "nvcc of a CUDA 13 toolkit; empty: the CUDA plug-in is not built")
set(HONE_CUDA_ARCHITECTURES "80;90a;100" CACHE STRING "Compute capabilities that the plug-in has kernels for")

# The program and the plug-in share these declarations; both carry a hash of them, and other ones are refused.
file(GLOB hone_contracts CONFIGURE_DEPENDS kernels/*.h)
list(FILTER hone_contracts EXCLUDE REGEX "(_cpu|_bf16[^/]*|_amx|_avx2|_avx512|/simd_[^/]*|/cpu_[^/]*|/split_k_fault)\\.h$")
list(APPEND hone_contracts ${CMAKE_SOURCE_DIR}/kernels/cuda/plugin.h)
set(hone_contract_hashes "")
foreach(header IN LISTS hone_contracts)
  file(SHA256 ${header} hash)
  string(APPEND hone_contract_hashes ${hash})
endforeach()
string(SHA256 hone_abi "${hone_contract_hashes}")
string(SUBSTRING ${hone_abi} 0 16 hone_abi)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${hone_contracts})

# The program's side: finds drivers and devices, loads the plug-in.
target_sources(hone_kernels PRIVATE kernels/cuda/device.cpp)
target_link_libraries(hone_kernels PUBLIC ${CMAKE_DL_LIBS})
set_source_files_properties(kernels/cuda/device.cpp PROPERTIES COMPILE_DEFINITIONS HONE_CUDA_ABI=0x${hone_abi})

if(BUILD_TESTING)
  add_library(other_hone_cuda MODULE tests/support/other_plugin.cpp)
  target_include_directories(other_hone_cuda PRIVATE ${CMAKE_SOURCE_DIR})
  set_target_properties(other_hone_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endif()
if(NOT HONE_NVCC)
  return()
endif()
execute_process(COMMAND ${HONE_NVCC} --version OUTPUT_VARIABLE hone_nvcc_version RESULT_VARIABLE hone_nvcc_failed)
if(hone_nvcc_failed OR NOT hone_nvcc_version MATCHES "release 13\\.")
  message(FATAL_ERROR "HONE_NVCC=${HONE_NVCC} is no nvcc of CUDA 13; ./hone build --cuda finds or installs one")
endif()
file(REAL_PATH ${HONE_NVCC} hone_nvcc_path)
get_filename_component(hone_cuda_top ${hone_nvcc_path}/../.. ABSOLUTE)
find_library(HONE_CUDART libcudart_static.a HINTS ${hone_cuda_top} PATH_SUFFIXES lib64 lib REQUIRED)

set(hone_gencode "")
foreach(architecture IN LISTS HONE_CUDA_ARCHITECTURES)
  list(APPEND hone_gencode -gencode arch=compute_${architecture},code=sm_${architecture})
endforeach()
list(JOIN HONE_CUDA_ARCHITECTURES "," hone_architectures)
set(hone_nvcc_command ${HONE_CCACHE} ${HONE_NVCC} -ccbin ${CMAKE_CXX_COMPILER} -x cu -std=c++20 -O3 --fmad=false
    -Xcompiler=-fPIC,-fvisibility=hidden,-ffp-contract=off,-fno-exceptions -I${CMAKE_SOURCE_DIR}
    -DHONE_CUDA_ARCHITECTURES="${hone_architectures}")
# hone_nvcc_objects(list SOURCES...): compiles them and names their objects.
function(hone_nvcc_objects list)
  set(objects "")
  foreach(source IN LISTS ARGN)
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${source})
    set(object ${CMAKE_BINARY_DIR}/${name}.o)
    get_filename_component(folder ${object} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${hone_nvcc_command} ${hone_gencode} -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d COMMENT "Building CUDA object ${name}.o" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${list} ${objects} PARENT_SCOPE)
endfunction()
file(GLOB hone_kernel_sources CONFIGURE_DEPENDS kernels/cuda/*.cu)
hone_nvcc_objects(hone_kernel_objects ${hone_kernel_sources} ${CMAKE_SOURCE_DIR}/kernels/cuda/queue.cpp
                  ${CMAKE_SOURCE_DIR}/kernels/cuda/table.cpp)

# Static libraries, the CUDA runtime among them: the plug-in needs nothing that a machine with a driver lacks.
add_library(hone_cuda MODULE kernels/cuda/plugin.cpp ${hone_kernel_objects})
target_include_directories(hone_cuda PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_definitions(hone_cuda PRIVATE HONE_CUDA_ABI=0x${hone_abi})
target_compile_options(hone_cuda PRIVATE -fno-exceptions)
target_link_libraries(hone_cuda PRIVATE ${HONE_CUDART} Threads::Threads ${CMAKE_DL_LIBS} rt)
target_link_options(hone_cuda PRIVATE -static-libstdc++ -static-libgcc LINKER:--exclude-libs,ALL LINKER:-z,defs)
set_target_properties(hone_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} CXX_VISIBILITY_PRESET hidden
                      VISIBILITY_INLINES_HIDDEN ON)

# gpu_test: what cuda_test asserts of the emulated kernels (cmake/HoneEmulator.cmake), on a GPU. One file, which a machine
# with a driver runs.
if(BUILD_TESTING)
  hone_nvcc_objects(hone_gpu_device ${CMAKE_SOURCE_DIR}/tests/support/gpu_device.cpp)
  file(GLOB hone_gpu_tests CONFIGURE_DEPENDS tests/kernels/cuda/*_test.cpp)
  list(FILTER hone_gpu_tests EXCLUDE REGEX "/emulator_test\\.cpp$")
  add_executable(gpu_test tests/gpu/main.cpp ${hone_gpu_tests} ${hone_gpu_device} ${hone_kernel_objects})
  target_compile_definitions(gpu_test PRIVATE HONE_TEST_ON_GPU)
  target_link_libraries(gpu_test PRIVATE hone_kernels GTest::gtest ${HONE_CUDART} rt)
  target_link_options(gpu_test PRIVATE -static-libstdc++ -static-libgcc)
  gtest_discover_tests(gpu_test DISCOVERY_MODE PRE_TEST TEST_PREFIX gpu. PROPERTIES LABELS gpu SKIP_RETURN_CODE 77)
endif()
