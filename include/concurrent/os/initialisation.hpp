// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <link.h>
#include <sys/auxv.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace concurrent::os::inline v0 {

using InitFunction = void (*)(int, char**, char**);
// Of a program that is linked statically and so has nothing that says where they are.
extern "C" const InitFunction first_init_function[] __asm__("__init_array_start")
    __attribute__((weak, visibility("hidden")));
extern "C" const InitFunction last_init_function[] __asm__("__init_array_end")
    __attribute__((weak, visibility("hidden")));

// What is needed of <unwind.h>, without its 76 lines, and by names of our own as in pickle/detail/cxxabi.hpp.
extern "C" int concurrent_futures_backtrace(int (*look)(void* frame, void* argument),
                                            void* argument) __asm__("_Unwind_Backtrace");
extern "C" std::uintptr_t concurrent_futures_function_of(void* frame) __asm__("_Unwind_GetRegionStart");
extern "C" std::uintptr_t concurrent_futures_address_in(void* frame) __asm__("_Unwind_GetIP");

/// Tells whether the calling thread is in the middle of setting up the variables of the program or of a library. Then
/// one of the functions that do so is among its callers: the program and each library has a list of them.
class InitialisationSearch {
 public:
  static bool finds() {
    InitialisationSearch search;
    search.add(first_init_function, last_init_function);
    ::dl_iterate_phdr(
        [](dl_phdr_info* module, std::size_t, void* argument) {
          static_cast<InitialisationSearch*>(argument)->add(*module);
          return 0;
        },
        &search);
    concurrent_futures_backtrace(
        [](void* frame, void* argument) {
          constexpr int go_on = 0;
          constexpr int end_of_stack = 5;
          auto& self = *static_cast<InitialisationSearch*>(argument);
          self.found_ =
              self.is_initialiser(concurrent_futures_function_of(frame), concurrent_futures_address_in(frame));
          return self.found_ ? end_of_stack : go_on;
        },
        &search);
    return search.found_;
  }

 private:
  void add(const InitFunction* first, const InitFunction* last) {
    if (first == nullptr || last == nullptr) return;
    for (; first != last; ++first) functions_.push_back(reinterpret_cast<std::uintptr_t>(*first));
  }
  void add(const dl_phdr_info& module) {
    const std::uintptr_t loader = ::getauxval(AT_BASE);
    const ElfW(Dyn)* entry = nullptr;
    for (int i = 0; i < module.dlpi_phnum; ++i) {
      const ElfW(Phdr)& header = module.dlpi_phdr[i];
      const std::uintptr_t address = module.dlpi_addr + header.p_vaddr;
      if (header.p_type == PT_DYNAMIC) entry = reinterpret_cast<const ElfW(Dyn)*>(address);
      if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0 && loader != 0 && module.dlpi_addr == loader) {
        loader_low_ = address;  // who is called by the loader sets up a library
        loader_high_ = address + header.p_memsz;
      }
    }
    const InitFunction* first = nullptr;
    std::size_t bytes = 0;
    for (; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_INIT_ARRAY)
        first = reinterpret_cast<const InitFunction*>(module.dlpi_addr + entry->d_un.d_ptr);
      if (entry->d_tag == DT_INIT_ARRAYSZ) bytes = entry->d_un.d_val;
    }
    if (first != nullptr) add(first, first + bytes / sizeof *first);
  }
  bool is_initialiser(std::uintptr_t function, std::uintptr_t address) const noexcept {
    if (address - loader_low_ < loader_high_ - loader_low_) return true;
    // As they come: to sort them first takes longer than all frames do.
    for (const std::uintptr_t one : functions_) {
      if (one == function) return true;
    }
    return false;
  }

  std::vector<std::uintptr_t> functions_;
  std::uintptr_t loader_low_ = 0;
  std::uintptr_t loader_high_ = 0;
  bool found_ = false;
};

}  // namespace concurrent::os::inline v0
