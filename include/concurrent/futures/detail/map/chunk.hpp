// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/chunk_items.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/callable_name.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/signature.hpp>
#include <concurrent/pickle/detail/symbols.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/exception.hpp>
#include <concurrent/pickle/reader.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What a chunk's call returns: the results, and the errors of those that threw.
template <class R>
struct ChunkResult {
  ChunkItems<R> items;
  std::chrono::nanoseconds elapsed{};
};

/// What a chunk is made of: the items of one range, or tuples of those of several.
template <class... Items>
struct MapElement {
  using type = std::tuple<Items...>;
  template <class Function>
  static decltype(auto) call(const pickle::StopToken& token, Function& function, type& element) {
    return std::apply(
        [&](Items&... items) -> decltype(auto) {
          return pickle::detail::invoke_task(token, function, std::move(items)...);
        },
        element);
  }
};
template <class Item>
struct MapElement<Item> {
  using type = Item;
  template <class Function>
  static decltype(auto) call(const pickle::StopToken& token, Function& function, Item& item) {
    return pickle::detail::invoke_task(token, function, std::move(item));
  }
};

template <class Function, class... Items>
using map_result_t = std::decay_t<typename pickle::detail::TaskResult<Function&, Items...>::type>;
/// Whether it can be called with one item of each range, and maybe a StopToken in front.
template <class Function, class... Items>
inline constexpr bool takes_items =
    std::is_invocable_v<Function&, Items...> || pickle::detail::wants_token<Function&, Items...>;

/// What a single call that throws gets from the pool, an item of a chunk must get in the worker: the RemoteTraceback.
template <class... Items, class Function>
std::exception_ptr with_traceback([[maybe_unused]] const Function& function, std::exception_ptr exception) noexcept {
  if (multiprocessing::detail::process_identity().pool == 0) return exception;  // this is no worker process
  try {
    std::string task;
    if constexpr (std::is_pointer_v<Function>) {
      task = pickle::detail::function_name(reinterpret_cast<std::uintptr_t>(function)) + "(";
    } else {
      task = pickle::detail::readable_name<Function>() + "(";
    }
    static_cast<void>(((task += pickle::detail::readable_name<Items>() + ", "), ...));
    task.resize(task.size() - 2);
    const auto bytes = pickle::dumps(exception);
    pickle::Reader reader(bytes);
    const multiprocessing::ProcessInfo worker = multiprocessing::current_process();
    return pickle::load_exception(reader, worker.name, worker.pid, task + "), an item of a chunk");
  } catch (...) {
    return exception;
  }
}

/// The call that runs a function on each item of a chunk. An item that throws does not hinder the others.
template <class Function, class... Items>
struct MapChunk {
  using R = map_result_t<Function, Items...>;
  using Element = typename MapElement<Items...>::type;
  static constexpr bool wants_token = pickle::detail::wants_token<Function&, Items...>;

  pickle::Callable<Function> callable;

  ChunkResult<R> operator()(ChunkItems<Element> items)
    requires(!wants_token)
  {
    return run_all({}, std::move(items));
  }
  ChunkResult<R> operator()(pickle::StopToken token, ChunkItems<Element> items)
    requires wants_token
  {
    return run_all(token, std::move(items));
  }

 private:
  ChunkResult<R> run_all(const pickle::StopToken& token, ChunkItems<Element> items) {
    const auto start = std::chrono::steady_clock::now();
    ChunkResult<R> result;
    std::vector<ChunkError>& errors = result.items.errors;
    if constexpr (!std::is_void_v<R>) result.items.values.reserve(items.values.size());
    std::size_t lost = 0;  // on the way here
    for (std::size_t i = 0; i < items.values.size(); ++i) {
      for (; lost < items.errors.size() && items.errors[lost].index <= i + lost; ++lost)
        errors.push_back(std::move(items.errors[lost]));
      try {
        run(token, items.values, i, result.items);
      } catch (...) {
        errors.push_back({i + lost, detail::with_traceback<Items...>(callable.function, std::current_exception())});
      }
    }
    for (; lost < items.errors.size(); ++lost) errors.push_back(std::move(items.errors[lost]));
    result.elapsed = std::chrono::steady_clock::now() - start;
    return result;
  }
  void run(const pickle::StopToken& token, std::vector<Element>& elements, std::size_t i,
           [[maybe_unused]] ChunkItems<R>& result) {
    if constexpr (std::is_same_v<Element, bool>) {  // std::vector<bool> has no references to its elements
      bool element = elements[i];
      keep(token, element, result);
    } else {
      keep(token, elements[i], result);
    }
  }
  void keep(const pickle::StopToken& token, Element& element, [[maybe_unused]] ChunkItems<R>& result) {
    if constexpr (std::is_void_v<R>) {
      MapElement<Items...>::call(token, callable.function, element);
    } else {
      result.values.push_back(MapElement<Items...>::call(token, callable.function, element));
    }
  }
};

/// A function that the tasks of one map share in one process, as Python's do: it is neither copied nor moved.
template <class Function>
struct SharedFunction {
  std::shared_ptr<Function> function;

  template <class... Args>
    requires std::is_invocable_v<Function&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    return pickle::detail::invoke(*function, std::forward<Args>(args)...);
  }
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

template <class Function, class... Items>
struct concurrent::pickle::detail::Captures<concurrent::futures::detail::MapChunk<Function, Items...>> {
  static void check(const concurrent::futures::detail::MapChunk<Function, Items...>& chunk, const Readers& readers) {
    Captures<Function>::check(chunk.callable.function, readers);
  }
};

template <class Function, class... Items>
struct concurrent::pickle::detail::CallableName<concurrent::futures::detail::MapChunk<Function, Items...>> {
  static std::string read(Reader& reader) { return "a chunk of " + CallableName<Function>::read(reader); }
};
