# SPDX-License-Identifier: BSL-1.0
# concurrent::futures_mpi: the library with what <concurrent/futures/mpi.hpp> needs. Made only where MPI is asked for.

# Sets `problem` to a sentence when there is no MPI, else to nothing.
macro(concurrent_futures_add_mpi problem)
  set(${problem} "")
  if(NOT TARGET MPI::MPI_CXX)
    set(MPI_CXX_SKIP_MPICXX ON)
    find_package(MPI QUIET COMPONENTS CXX)
  endif()
  if(NOT TARGET MPI::MPI_CXX)
    set(${problem} "MPI was not found. Install it (Debian: libopenmpi-dev or libmpich-dev) or set MPI_HOME.")
  elseif(NOT TARGET concurrent_futures_mpi)
    add_library(concurrent_futures_mpi INTERFACE)
    add_library(concurrent::futures_mpi ALIAS concurrent_futures_mpi)
    target_compile_definitions(concurrent_futures_mpi INTERFACE CONCURRENT_FUTURES_MPI)
    target_link_libraries(concurrent_futures_mpi INTERFACE concurrent::futures MPI::MPI_CXX)
  endif()
endmacro()
