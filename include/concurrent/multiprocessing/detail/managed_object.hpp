// SPDX-License-Identifier: BSL-1.0
// The objects of a Manager, as they lie in its server. What a client asks for is a call of a function of this program;
// the function finds its object here, and nobody else is in it meanwhile.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/multiprocessing/detail/manager_messages.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/pickle/detail/type_number.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// So that no object is taken for one of another type.
template <class T>
std::uint64_t managed_type() noexcept {
  static const std::uint64_t number = pickle::detail::type_number<T>();
  return number;
}

/// In the server. Lives as long as a client's session, another object or a call has it.
class ManagedObject {
 public:
  explicit ManagedObject(std::uint64_t type) noexcept : type_(type) {}
  ManagedObject(const ManagedObject&) = delete;
  ManagedObject& operator=(const ManagedObject&) = delete;
  virtual ~ManagedObject();

  std::uint64_t type() const noexcept { return type_; }
  ObjectId id() const noexcept { return id_; }
  void set_id(ObjectId id) noexcept { id_ = id; }
  /// Whoever has it is the one that may touch the value. Python: what the interpreter's lock does for a dict.
  Mutex& mutex() noexcept { return mutex_; }

 private:
  Mutex mutex_;
  std::uint64_t type_;
  ObjectId id_ = 0;
};

template <class T>
class ManagedValue final : public ManagedObject {
 public:
  template <class... Args>
  explicit ManagedValue(Args&&... args) : ManagedObject(managed_type<T>()), value_{make(std::forward<Args>(args)...)} {}

  T& value() noexcept { return value_; }

 private:
  template <class... Args>
  static T make(Args&&... args) {
    if constexpr (std::is_constructible_v<T, Args...>) {
      return T(std::forward<Args>(args)...);
    } else {
      return T{std::forward<Args>(args)...};  // an aggregate
    }
  }

  T value_;
};

/// The object that a call is about: the first of its arguments.
struct ManagedKey {
  ObjectId object = 0;
};

/// A function of this library's as a callable without content: a message names the kind of call, which is checked, and
/// holds no address that could be damaged.
template <auto function>
struct ManagedFunction;
template <class R, class... Parameters, R (*function)(ManagedKey, Parameters...)>
struct ManagedFunction<function> {
  using Result = R;
  R operator()(ManagedKey key, Parameters... parameters) const { return function(key, std::move(parameters)...); }
};

/// In the server: the call that this thread runs is about that object.
void note_managed_target(ObjectId object) noexcept;
/// In the server: notes an object, which belongs from now on to the client whose call this is.
ObjectId add_managed_object(const std::shared_ptr<ManagedObject>& object);
/// In the server: the object of that id.
/// Throws: RuntimeError, when there is none or it is of another type.
std::shared_ptr<ManagedObject> find_managed_object(ManagedKey key, std::uint64_t type);

/// In the server: an object for the time of one operation.
template <class T>
class Held {
 public:
  explicit Held(ManagedKey key) CONCURRENT_FUTURES_UNCHECKED_LOCKS
      : object_(find_managed_object(key, managed_type<T>())),
        lock_(object_->mutex()) {}

  T& operator*() const noexcept { return static_cast<ManagedValue<T>&>(*object_).value(); }
  T* operator->() const noexcept { return &**this; }

 private:
  std::shared_ptr<ManagedObject> object_;  // let go of after the lock
  MutexLock lock_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0

/// A call's first argument says what the call is about, before the others are loaded: what they hold may not be that.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::detail::ManagedKey> {
  using Key = concurrent::multiprocessing::detail::ManagedKey;

  static void dump(Writer& writer, const Key& key) { writer.put(key.object); }
  static Key load(Reader& reader) {
    const Key key{reader.get_once<std::uint64_t>()};
    concurrent::multiprocessing::detail::note_managed_target(key.object);
    return key;
  }
};
