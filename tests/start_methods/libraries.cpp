// SPDX-License-Identifier: BSL-1.0
// Functions in shared libraries, there from the start or opened while a pool is at work.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "start_methods/libraries/linked.hpp"
#include "start_methods/programs.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using support::contains;
using Function = int (*)(int);

namespace {

/// A library opened while this lives.
class Library {
 public:
  explicit Library(const std::string& path) : handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    INFO(path);
    REQUIRE(handle_ != nullptr);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { ::dlclose(handle_); }

  void* address(const char* name) const { return ::dlsym(handle_, name); }
  Function function(const char* name) const { return reinterpret_cast<Function>(address(name)); }

 private:
  void* handle_;
};

std::string library(const char* name) { return support::own_folder() + "/libraries/" + name + ".so"; }

/// A copy of a library under a name of its own, which nobody has open.
class Copy {
 public:
  explicit Copy(const char* name)
      : path_(std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + "_" + name + ".so")) {
    std::filesystem::copy_file(library(name), path_, std::filesystem::copy_options::overwrite_existing);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() { remove(); }

  std::string path() const { return path_.string(); }
  void remove() const { std::filesystem::remove(path_); }
  void replace_by(const char* name) const {
    remove();
    std::filesystem::copy_file(library(name), path_);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

EACH_PROCESS_POOL("libraries: a function of a library that the program is linked with") {
  auto pool = kind.pool(1);
  CHECK(pool.submit(linked_twice, 21).result() == 42);
  CHECK(pool.submit([](Function function, int value) { return function(value); }, linked_twice, 4).result() == 8);
}

EACH_PROCESS_POOL("libraries: a function of a library that was opened before the pool was made") {
  const Library plugin(library("plugin"));
  auto pool = kind.pool(1);
  CHECK(pool.submit(plugin.function("plugin_thrice"), 14).result() == 42);
}

EACH_PROCESS_POOL(
    "libraries: a function of a library that is opened after the pool was made, and its worker is older") {
  auto pool = kind.pool(1);
  const pid_t worker = pool.submit([] { return ::getpid(); }).result();
  const Copy copy("plugin");
  const Library plugin(copy.path());
  CHECK(pool.submit(plugin.function("plugin_thrice"), 14).result() == 42);
  CHECK(pool.submit(plugin.function("plugin_thrice"), 5).result() == 15);
  CHECK(pool.submit([] { return ::getpid(); }).result() == worker);
}

EACH_PROCESS_POOL("libraries: a library that the worker cannot find any more is an UnpicklingError that names it") {
  auto pool = kind.pool(1);
  pool.submit([] {}).result();
  const Copy copy("plugin");
  const Library plugin(copy.path());
  copy.remove();
  const std::string text =
      support::message_of<pickle::UnpicklingError>([&] { pool.submit(plugin.function("plugin_thrice"), 14).result(); });
  CHECK(contains(text, copy.path()));
  CHECK(pool.submit([] { return 1; }).result() == 1);  // that future alone
}

EACH_PROCESS_POOL("libraries: another build at the same path is an UnpicklingError, never a jump into it") {
  auto pool = kind.pool(1);
  pool.submit([] {}).result();
  const Copy copy("plugin");
  const Library plugin(copy.path());
  copy.replace_by("other_plugin");
  const std::string text =
      support::message_of<pickle::UnpicklingError>([&] { pool.submit(plugin.function("plugin_thrice"), 14).result(); });
  CHECK(contains(text, copy.path()));
  CHECK(contains(text, "build"));
  CHECK(pool.submit([] { return 1; }).result() == 1);
}

EACH_PROCESS_POOL(
    "libraries: one with hidden symbols and a pool of its own, in a program that has called freeze_support") {
  const Library hidden(library("hidden"));
  const auto run = reinterpret_cast<int (*)(const char*)>(hidden.address("hidden_run"));
  CHECK(run(kind.name.c_str()) == 0);
  auto pool = kind.pool(1);
  CHECK(pool.submit([] { return 1; }).result() == 1);
}

EACH_PROCESS_POOL("libraries: an exception of one with hidden symbols keeps its type in the program's pool") {
  auto pool = kind.pool(1);
  pool.submit([] {}).result();
  const Library hidden(library("hidden"));
  const auto caught = reinterpret_cast<const char* (*)(cf::ProcessPoolExecutor&)>(hidden.address("hidden_caught"));
  CHECK(caught(pool) == std::string("right"));
  CHECK(caught(pool) == std::string("right"));
}

EACH_PROCESS_POOL("libraries: code that came from no file is a PicklingError with its address") {
  auto pool = kind.pool(1);
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  Function generated = nullptr;
  std::memcpy(&generated, static_cast<const void*>(&page), sizeof generated);
  const std::string text = support::message_of<pickle::PicklingError>([&] { pool.submit(generated, 1).result(); });
  CHECK(contains(text, "0x"));
  CHECK(pool.submit([] { return 1; }).result() == 1);
  ::munmap(page, 4096);
}
