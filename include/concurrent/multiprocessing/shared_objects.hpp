// SPDX-License-Identifier: BSL-1.0
// Containers in shared memory. Not part of multiprocessing.hpp: Boost.Interprocess's managed segments cost time to
// compile, and whoever uses them includes this by name.
#pragma once

#include <concurrent/multiprocessing/shared_memory.hpp>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/containers/string.hpp>
#include <boost/interprocess/containers/vector.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {

namespace detail {

/// Orders keys; strings of any kind with each other, so that none has to be made for a look.
struct SharedLess {
  using is_transparent = void;
  template <class First, class Second>
  bool operator()(const First& first, const Second& second) const {
    using Text = std::string_view;
    if constexpr (std::is_convertible_v<const First&, Text> && std::is_convertible_v<const Second&, Text>) {
      return Text(first) < Text(second);
    } else {
      return first < second;
    }
  }
};

}  // namespace detail

/// Shared memory in which named objects and containers are made: a large table is built once, and workers read it where
/// it lies, without a copy. A handle to SharedMemory (see there for how long it lives), whose copies mean the same
/// objects; Boost.Interprocess lays them out, with pointers that are right wherever a process has the memory mapped.
/// ```cpp
/// mp::ManagedMemory memory(std::size_t{1} << 30);  // room; takes memory as it is used
/// using Words = mp::ManagedMemory::map<mp::ManagedMemory::string, int>;
/// auto& words = memory.construct<Words>("words");
/// words.emplace(memory.text("one"), 1);
/// pool.submit([](mp::ManagedMemory m) { return m.at<Words>("words").find("one")->second; }, memory);
/// ```
///
/// One process writes at a time, in one thread, while nobody reads: build first, then share; or let one task write and
/// look when its future is done. Any number may read at once. No lock guards this, since a process that is killed with
/// one leaves it locked for ever. One that is killed while it writes leaves what it wrote to half changed, so let tasks
/// that may be killed only read. What lies there is believed: who writes over it can crash those who read it.
///
/// Throws: containers throw boost::interprocess::bad_alloc when the room is used up, for it cannot grow.
/// Python: `multiprocessing.Manager().dict()` and `.list()`, but read in place, not by messages to a server process.
class ManagedMemory {
  using Segment = boost::interprocess::basic_managed_external_buffer<
      char, boost::interprocess::rbtree_best_fit<boost::interprocess::null_mutex_family>,
      boost::interprocess::iset_index>;
  using Manager = Segment::segment_manager;

 public:
  /// What containers take their memory from: get_allocator() makes one.
  template <class T>
  using allocator = boost::interprocess::allocator<T, Manager>;
  /// A string in shared memory.
  using string = boost::interprocess::basic_string<char, std::char_traits<char>, allocator<char>>;
  /// A vector in shared memory.
  template <class T>
  using vector = boost::interprocess::vector<T, allocator<T>>;
  /// In the order of the keys. A string is found by `find("text")`, by std::string and by std::string_view.
  template <class Key, class Mapped>
  using map = boost::interprocess::map<Key, Mapped, detail::SharedLess, allocator<std::pair<const Key, Mapped>>>;

  /// No memory: for a variable that gets it later.
  ManagedMemory() noexcept = default;

  /// Makes room of `size` bytes, some hundred of which are for its own use.
  /// Throws: std::invalid_argument if that is too little, or more than an address space; std::system_error when the
  /// system has no room or no descriptor.
  explicit ManagedMemory(std::size_t size) : memory_(size) {
    if (size < least) {
      throw std::invalid_argument("concurrent::multiprocessing: the size of a ManagedMemory is " +
                                  std::to_string(size) + " bytes. It must be at least " + std::to_string(least) + ".");
    }
    manager_ = Segment(boost::interprocess::create_only, memory_.bytes().data(), size).get_segment_manager();
  }

  ManagedMemory(const ManagedMemory&) noexcept = default;  // no move, which would leave a pointer to nothing behind
  ManagedMemory& operator=(const ManagedMemory&) noexcept = default;

  /// Makes an object of that name and type from `arguments`, followed by an allocator where T takes one there (as each
  /// container does). It lives until destroy, or until the memory is gone (then without its destructor).
  /// Throws: std::invalid_argument if there is one; boost::interprocess::bad_alloc when the room is used up; what the
  /// constructor throws; std::logic_error if there is no memory.
  template <class T, class... Arguments>
  T& construct(std::string_view name, Arguments&&... arguments) const {
    if (find<T>(name) != nullptr) {
      throw std::invalid_argument("concurrent::multiprocessing: this ManagedMemory has an object \"" +
                                  std::string(name) + "\" of that type already. Take another name, or destroy it.");
    }
    const std::string key = key_of<T>(name);
    if constexpr (std::is_constructible_v<T, Arguments..., allocator<std::byte>>) {
      return *manager().template construct<T>(key.c_str())(std::forward<Arguments>(arguments)...,
                                                           get_allocator<std::byte>());
    } else {
      return *manager().template construct<T>(key.c_str())(std::forward<Arguments>(arguments)...);
    }
  }

  /// The object of that name and type, or nullptr.
  template <class T>
  T* find(std::string_view name) const {
    return manager_ == nullptr ? nullptr : manager_->template find<T>(key_of<T>(name).c_str()).first;
  }
  /// The object of that name and type.
  /// Throws: std::out_of_range if there is none.
  template <class T>
  T& at(std::string_view name) const {
    if (T* found = find<T>(name)) return *found;
    throw std::out_of_range("concurrent::multiprocessing: this ManagedMemory has no object \"" + std::string(name) +
                            "\" of that type. Use the name and the type with which it was constructed.");
  }
  /// Destroys the object of that name and type and gives its room back. False: there is none.
  template <class T>
  bool destroy(std::string_view name) const {
    return find<T>(name) != nullptr && manager().template destroy<T>(key_of<T>(name).c_str());
  }

  /// For elements that are containers themselves. Throws: std::logic_error if there is no memory.
  template <class T = std::byte>
  allocator<T> get_allocator() const {
    return allocator<T>(&manager());
  }
  /// A string in this memory, as elements and keys are. Throws: as construct.
  string text(std::string_view text) const { return string(text.data(), text.size(), get_allocator<char>()); }

  /// Bytes of room, used or not.
  std::size_t size() const noexcept { return memory_.size(); }
  /// Bytes that are not used yet; not all in one piece.
  std::size_t free_memory() const noexcept { return manager_ == nullptr ? 0 : manager_->get_free_memory(); }
  explicit operator bool() const noexcept { return manager_ != nullptr; }

 private:
  friend struct pickle::Pickler<ManagedMemory>;
  static constexpr std::size_t least = 1024;

  Manager& manager() const {
    if (manager_ != nullptr) return *manager_;
    throw std::logic_error(
        "concurrent::multiprocessing: this ManagedMemory has no memory. Make it with a size, as ManagedMemory(1 << "
        "20).");
  }
  /// The type is part of the name, so that nobody finds an object as something that it is not.
  template <class T>
  static std::string key_of(std::string_view name) {
    return std::string(name) + '\n' + typeid(T).name();
  }

  SharedMemory memory_;
  Manager* manager_ = nullptr;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to a ManagedMemory's memory: the copy means the same memory.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it, or sent
/// another type; std::system_error when this one has no room for it.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::ManagedMemory> {
  using ManagedMemory = concurrent::multiprocessing::ManagedMemory;
  using Memory = concurrent::multiprocessing::SharedMemory;

  static void dump(Writer& writer, const ManagedMemory& managed) { Pickler<Memory>::dump(writer, managed.memory_); }
  static ManagedMemory load(Reader& reader) {
    ManagedMemory managed;
    managed.memory_ = Pickler<Memory>::load(reader);
    if (!managed.memory_) return managed;
    const std::size_t size = managed.memory_.size();
    if (size >= ManagedMemory::least) {
      managed.manager_ = ManagedMemory::Segment(boost::interprocess::open_only, managed.memory_.bytes().data(), size)
                             .get_segment_manager();
    }
    if (managed.manager_ == nullptr || managed.manager_->get_size() != size)
      reader.refuse("the shared memory is no ManagedMemory");
    return managed;
  }
};
