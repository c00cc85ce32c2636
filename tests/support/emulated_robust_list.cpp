// SPDX-License-Identifier: BSL-1.0
// qemu's user mode has no robust lists: the C library says where its list is, and the kernel does not hear of it. What
// locks and queues of shared memory ask the kernel for, they get from here, so that they can be tested under qemu. A
// thread that ends marks its words itself; one that is killed does not, and the rows about that are skipped.
#ifdef SUPPORT_EMULATED
#include <cerrno>
#include <cstdarg>
#include <cstddef>

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

namespace {

long call_kernel(long number, const long (&arguments)[6]) noexcept {
#if defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = arguments[0];
  register long x1 asm("x1") = arguments[1];
  register long x2 asm("x2") = arguments[2];
  register long x3 asm("x3") = arguments[3];
  register long x4 asm("x4") = arguments[4];
  register long x5 asm("x5") = arguments[5];
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#elif defined(__riscv)
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = arguments[0];
  register long a1 asm("a1") = arguments[1];
  register long a2 asm("a2") = arguments[2];
  register long a3 asm("a3") = arguments[3];
  register long a4 asm("a4") = arguments[4];
  register long a5 asm("a5") = arguments[5];
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
  return a0;
#endif
}

/// A thread's list, with what glibc has before it: the pointer that leads back.
struct RobustList {
  void* back = nullptr;
  robust_list_head head{};

  RobustList() noexcept {
    head.list.next = &head.list;
    head.futex_offset = -32;
  }
  RobustList(const RobustList&) = delete;
  RobustList& operator=(const RobustList&) = delete;
  ~RobustList() {
    const auto self = static_cast<unsigned>(call_kernel(SYS_gettid, {}));
    for (robust_list* node = head.list.next; node != &head.list; node = node->next) {
      auto* const word = reinterpret_cast<unsigned*>(reinterpret_cast<std::byte*>(node) + head.futex_offset);
      unsigned held = self;
      __atomic_compare_exchange_n(word, &held, FUTEX_OWNER_DIED, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
    head.list.next = &head.list;
  }
};
thread_local RobustList list;

/// As in the C library: a forked child has nothing of its parent's.
const int forgets_in_child = ::pthread_atfork(nullptr, nullptr, [] {
  list.head.list.next = &list.head.list;
  list.head.list_op_pending = nullptr;
});

}  // namespace

extern "C" long syscall(long number, ...) noexcept {
  long arguments[6];
  va_list given;
  va_start(given, number);
  for (long& argument : arguments) argument = va_arg(given, long);
  va_end(given);
  if (number == SYS_get_robust_list && arguments[0] == 0) {
    *reinterpret_cast<robust_list_head**>(arguments[1]) = &list.head;
    *reinterpret_cast<std::size_t*>(arguments[2]) = sizeof(robust_list_head);
    return 0;
  }
  const long result = call_kernel(number, arguments);
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}
#endif
