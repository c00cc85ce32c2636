// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the allocator of this container has a state, which would be lost.
#include <concurrent/pickle.hpp>

#include <memory>
#include <vector>

template <class T>
struct Arena {
  using value_type = T;
  int number = 0;
  Arena() = default;
  template <class Other>
  explicit Arena(const Arena<Other>& other) : number(other.number) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* elements, std::size_t n) { std::allocator<T>().deallocate(elements, n); }
  bool operator==(const Arena&) const = default;
};

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::vector<int, Arena<int>>());
#else
  concurrent::pickle::dumps(std::vector<int>());
#endif
}
