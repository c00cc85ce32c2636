// SPDX-License-Identifier: BSL-1.0
// Opens the library, uses it, closes it, and goes on: what it registered must not be called or looked at when it is
// gone.
#include <concurrent/futures.hpp>
#include <cstdio>
#include <stdexcept>

#include <dlfcn.h>

int main(int, char** argv) {
  void* const plugin = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::puts(::dlerror());
    return 1;
  }
  const auto run = reinterpret_cast<int (*)(int)>(::dlsym(plugin, "run_in_plugin"));
  const int in_plugin = run(2);
  ::dlclose(plugin);

  concurrent::futures::ProcessPoolExecutor pool(1);
  int here = pool.submit([] { return 9; }).result();
  try {
    pool.submit([] { throw std::out_of_range("far"); }).result();
  } catch (const std::out_of_range&) {
    ++here;
  }
  std::printf("%d %d\n", in_plugin, here);
  return in_plugin == 6 && here == 10 ? 0 : 1;
}
