# oneDNN, found by its header and its library: the CMake file that it brings asks for OpenCL's headers where it was
# built for GPUs, too, and those are not needed here. Versions 2.6 to 3.x differ in onednn.c alone.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.h)
find_library(DNNL_LIBRARY dnnl)
mark_as_advanced(DNNL_INCLUDE_DIR DNNL_LIBRARY)
if(NOT DNNL_INCLUDE_DIR OR NOT DNNL_LIBRARY)
  message(FATAL_ERROR "oneDNN is missing: install libdnnl-dev (Debian, Ubuntu), or name where it is with "
                      "-DDNNL_INCLUDE_DIR=DIR -DDNNL_LIBRARY=DIR/libdnnl.so")
endif()
file(STRINGS ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h dnnl_version REGEX "define DNNL_VERSION_(MAJOR|MINOR) +[0-9]+")
string(REGEX REPLACE "[^0-9]*([0-9]+)[^0-9]+([0-9]+).*" "\\1.\\2" dnnl_version "${dnnl_version}")
if(dnnl_version VERSION_LESS 2.6 OR NOT dnnl_version VERSION_LESS 4)
  message(FATAL_ERROR "oneDNN ${dnnl_version} (${DNNL_LIBRARY}): versions 2.6 to 3.x are known")
endif()
# One made for SYCL sees processors only by an OpenCL of Intel's; one made for TBB has threads of its own beside the program's.
file(STRINGS ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_config.h dnnl_runtime REGEX "define DNNL_CPU_RUNTIME ")
string(REGEX REPLACE ".*RUNTIME_" "" dnnl_runtime "${dnnl_runtime}")
if(NOT dnnl_runtime MATCHES "^(OMP|SEQ)")
  message(FATAL_ERROR "oneDNN ${dnnl_version} (${DNNL_LIBRARY}) was built for ${dnnl_runtime}, and one for OpenMP is needed: "
                      "libdnnl-dev (Debian, Ubuntu), or name another with -DDNNL_INCLUDE_DIR=DIR -DDNNL_LIBRARY=DIR/libdnnl.so")
endif()
message(STATUS "oneDNN ${dnnl_version}: ${DNNL_LIBRARY}")
add_library(gan_onednn INTERFACE)
target_include_directories(gan_onednn SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
target_link_libraries(gan_onednn INTERFACE ${DNNL_LIBRARY})
