// SPDX-License-Identifier: BSL-1.0
// Functions that are not the program's own, and names of functions that cannot be right.
#pragma once

#include <concurrent/os/loaded_modules.hpp>
#include <concurrent/pickle/detail/module.impl.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/function.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include <dlfcn.h>

namespace concurrent::pickle::inline v0::detail {

[[gnu::noinline, gnu::cold]] CONCURRENT_FUTURES_INLINE void dump_library_function(Writer& writer,
                                                                                  std::uintptr_t address,
                                                                                  Target target) {
  FunctionName name{};
  std::string path;
  const bool found = os::visit_modules([&](const Module& module) {
    if (!module_has(module, target, address)) return false;
    name = {module.id, address - module.base};
    path = module.path;
    return true;
  });
  if (!found) {
    throw PicklingError(
        "concurrent::pickle: the function at " + as_hex(address) +
        " is in no part of the program that came from a file. Pass a function that is compiled into the "
        "program or into a shared library.");
  }
  writer.put(FunctionToken::in_library);
  writer.put(name);
  writer.put<std::uint64_t>(path.size());
  writer.write(path.data(), path.size());
}

// Finds the address of a function in a library that is loaded; 0 if it is not.
inline std::uintptr_t find_library_function(const FunctionName& name, bool& wrong_offset, Target target) {
  std::uintptr_t address = 0;
  os::visit_modules([&](const Module& module) {
    if (module.id != name.module) return false;
    if (module_has(module, target, module.base + name.offset)) {
      address = module.base + name.offset;
    } else {
      wrong_offset = true;
    }
    return true;
  });
  return address;
}

[[gnu::noinline, gnu::cold]] CONCURRENT_FUTURES_INLINE std::uintptr_t load_library_function(Reader& reader,
                                                                                            Target target) {
  const auto name = reader.get<FunctionName>();
  const std::size_t length = reader.get_count(1);
  const std::string path(reinterpret_cast<const char*>(reader.view(length)), length);
  bool wrong_offset = false;
  std::uintptr_t address = find_library_function(name, wrong_offset, target);
  // Opening a library runs code of it. A call says which libraries it needs; values (results above all) have no
  // business to.
  if (address == 0 && !wrong_offset && reader.views_allowed() && path.find('/') != std::string::npos) {
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr)
      address = find_library_function(name, wrong_offset, target);
  }
  if (address == 0) {
    reader.refuse("there is no function at offset " + as_hex(name.offset) + " of the library '" + path + "' (build " +
                  as_hex(name.module) + ") in this process");
  }
  return address;
}

[[noreturn, gnu::noinline, gnu::cold]] CONCURRENT_FUTURES_INLINE void refuse_program_function(
    Reader& reader, const FunctionName& name) {
  if (name.module != main_module().id) {
    reader.refuse("the function at offset " + as_hex(name.offset) +
                  " belongs to another program or another build of this one (build " + as_hex(name.module) +
                  ", this is " + as_hex(main_module().id) + ")");
  }
  reader.refuse("there is no function at offset " + as_hex(name.offset) + " of this program");
}

}  // namespace concurrent::pickle::inline v0::detail
