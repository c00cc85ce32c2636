// SPDX-License-Identifier: BSL-1.0
// What a type is, for the types that the pickle knows by name and for those that it knows by their shape.
//
// The heavy and rarely used parts of the standard library (maps, deques, file system, chrono, bitset) are known by
// their members alone. So this room needs none of their headers, and containers of other libraries that look like them
// travel too.
#pragma once

#include <concurrent/pickle/detail/type_name.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace concurrent::pickle::inline v0::detail {

template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T>;
#ifdef __SIZEOF_INT128__
__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;
template <>
inline constexpr bool is_number<Int128> = true;
template <>
inline constexpr bool is_number<UInt128> = true;
#endif

template <class T, template <class...> class Template>
inline constexpr bool is_specialisation = false;
template <template <class...> class Template, class... Ts>
inline constexpr bool is_specialisation<Template<Ts...>, Template> = true;

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t n>
inline constexpr bool is_array<T[n]> = true;
template <class T, std::size_t n>
inline constexpr bool is_array<std::array<T, n>> = true;

template <class T>
inline constexpr bool is_span = false;
template <class T, std::size_t n>
inline constexpr bool is_span<std::span<T, n>> = true;

template <class T>
inline constexpr bool is_string = is_specialisation<T, std::basic_string>;
template <class T>
inline constexpr bool is_string_view = is_specialisation<T, std::basic_string_view>;
template <class T>
inline constexpr bool is_tuple = is_specialisation<T, std::pair> || is_specialisation<T, std::tuple>;
template <class T>
inline constexpr bool is_optional = is_specialisation<T, std::optional>;
template <class T>
inline constexpr bool is_variant = is_specialisation<T, std::variant>;
template <class T>
inline constexpr bool is_exception_ptr = std::is_same_v<T, std::exception_ptr>;
template <class T>
inline constexpr bool is_error_code = std::is_same_v<T, std::error_code> || std::is_same_v<T, std::error_condition>;
template <class T>
inline constexpr bool is_closure = std::is_class_v<T> && spelled_as_closure<T>();

/// A class that has the members of a standard one may hold more than those tell: whoever derives from std::shared_ptr,
/// or writes a container, adds members. So members alone say what a class is only where it stands in one of these
/// namespaces, in which nobody but their authors defines classes.
template <class T>
inline constexpr bool is_of_library = type_name<T>().starts_with("std::") || type_name<T>().starts_with("boost::");

template <class T>
concept RangeShape = requires(const T& t) {
  typename T::value_type;
  typename T::iterator;
  t.begin();
  t.end();
};

/// vector, deque, list, forward_list and their likes.
template <class T>
concept SequenceShape = RangeShape<T> && std::default_initializable<T> &&(
    requires(T& t, typename T::value_type&& value) {
      t.clear();
      t.size();
      t.push_back(std::move(value));
    } ||
    requires(T & t, typename T::value_type&& value) {
      t.clear();
      t.insert_after(t.before_begin(), std::move(value));
    });

/// set, map, unordered_set, unordered_map, the multi-forms and their likes.
template <class T>
concept AssociativeShape = RangeShape<T> && requires(T& t, typename T::value_type&& value) {
  typename T::key_type;
  t.clear();
  t.size();
  t.emplace_hint(t.end(), std::move(value));
};

/// queue, stack, priority_queue.
template <class T>
concept AdaptorShape = !RangeShape<T> && requires(T& t) {
  typename T::container_type;
  typename T::value_type;
  t.pop();
  t.size();
};

/// Whatever may hold elements, and perhaps more.
template <class T>
concept ContainerShape = SequenceShape<T> || AssociativeShape<T> || AdaptorShape<T>;

template <class T>
concept UniquePointerShape = is_of_library<T> && requires(T& t) {
  typename T::element_type;
  typename T::pointer;
  typename T::deleter_type;
  t.release();
};

template <class T>
concept SharedPointerShape = is_of_library<T> && requires(const T& t) {
  typename T::element_type;
  typename T::weak_type;
  t.get();
  t.use_count();
};

template <class T>
concept WeakPointerShape = is_of_library<T> && requires(const T& t) {
  typename T::element_type;
  t.lock();
  t.expired();
};

template <class T>
concept ExpectedShape = (is_of_library<T> || type_name<T>().starts_with("tl::expected<")) && requires(const T& t) {
  typename T::value_type;
  typename T::error_type;
  typename T::unexpected_type;
  t.has_value();
  t.error();
};

/// std::filesystem::path and Boost's.
template <class T>
concept PathShape = is_of_library<T> && requires(const T& t) {
  typename T::string_type;
  T::preferred_separator;
  { t.native() } -> std::convertible_to<const typename T::string_type&>;
  t.lexically_normal();
} && std::is_constructible_v<T, typename T::string_type>;

template <class T>
concept DurationShape = is_of_library<T> && requires(const T& t) {
  typename T::rep;
  typename T::period;
  t.count();
} && std::is_constructible_v<T, typename T::rep>;

template <class T>
concept TimePointShape = is_of_library<T> && requires(const T& t) {
  typename T::clock;
  typename T::duration;
  t.time_since_epoch();
} && std::is_constructible_v<T, typename T::duration>;

/// year_month_day, weekday, hh_mm_ss and the rest of std::chrono that is a plain value. Nothing in their members sets
/// them apart from a program's own classes, so their name does.
template <class T>
concept CalendarShape = std::is_trivially_copyable_v<T> && (type_name<T>().starts_with("std::chrono::")) &&
                        (requires(const T& t) { t.ok(); } || requires(const T& t) { t.is_negative(); });

template <class T>
concept BitsetShape = requires(T& t, const T& c) {
  typename T::reference;
  { c.size() } -> std::same_as<std::size_t>;
  { c.test(std::size_t{}) } -> std::same_as<bool>;
  t.set(std::size_t{}, true);
  c.to_ullong();
} && type_name<T>().starts_with("std::bitset<");

template <class T>
concept ComplexShape = type_name<T>().starts_with("std::complex<") && requires(const T& t) {
  typename T::value_type;
  { t.real() } -> std::same_as<typename T::value_type>;
  { t.imag() } -> std::same_as<typename T::value_type>;
};

template <class T>
constexpr bool is_valarray() {
  return type_name<T>().starts_with("std::valarray<");
}

/// The engines of <random>, and those that adapt one.
template <class T>
constexpr bool is_random_engine() {
  constexpr std::string_view name = type_name<T>();
  if (!name.starts_with("std::")) return false;
  for (const std::string_view engine : {"linear_congruential", "mersenne_twister", "subtract_with_carry",
                                        "discard_block", "independent_bits", "shuffle_order"}) {
    if (name.substr(5).starts_with(engine) && name.substr(5 + engine.size()).starts_with("_engine<")) return true;
  }
  return false;
}

/// Things of the operating system, which mean nothing in another process. They are known by name, as including their
/// headers to refuse them would be a waste.
template <class T>
constexpr bool is_known_handle() {
  constexpr std::string_view name = type_name<T>();
  if (name == "_IO_FILE" || name == "__dirstream") return true;                                  // FILE and DIR
  for (const std::string_view space : {"concurrent::futures::v0::", "concurrent::futures::"}) {  // Clang leaves v0 out
    if (!name.starts_with(space)) continue;
    const std::string_view rest = name.substr(space.size());
    if (rest == "AnyFuture" || rest.starts_with("Future<")) return true;
  }
  if (!name.starts_with("std::")) return false;
  for (const std::string_view word :
       {"mutex", "lock", "condition_variable", "thread", "future", "promise", "latch", "barrier", "semaphore", "stream",
        "filebuf", "stop_token", "stop_source", "once_flag", "atomic"}) {
    if (name.substr(0, name.find('<')).find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace concurrent::pickle::inline v0::detail
