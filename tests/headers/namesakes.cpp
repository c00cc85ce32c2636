// SPDX-License-Identifier: BSL-1.0
// A program whose types stand beside functions that have the names of the library's own. What the library calls is its
// own, although the arguments' namespace has a better match: namesakes.awk has written those, and deleted them.
#include <concurrent/futures.hpp>
#include <concurrent/futures/coroutine.hpp>
#include <concurrent/futures/execution.hpp>
#include <concurrent/futures/progress.hpp>
#include <concurrent/multiprocessing.hpp>
#include <concurrent/multiprocessing/condition.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/pickle/exception.hpp>

#include <array>
#include <compare>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "namesakes.hpp"

namespace program {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Located : std::runtime_error {
  Located() : std::runtime_error("") {}
  Located(const std::string& what, int place) : std::runtime_error(what), line(place) {}
  int line = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(line);
  }
};
struct Plain {
  int number;
};
struct Point {
  int x = 0;
  double y = 0;
  std::string name{};
  auto operator<=>(const Point&) const = default;
};
struct Hash {
  std::size_t operator()(const Point&) const { return 0; }
};
enum class Colour { red, green };
struct Bits {
  int a;
  float b;
};
struct Custom {
  int a = 0;
  std::vector<Point> points{};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(a, points);
  }
};
class Split {
 public:
  template <class Archive>
  void save(Archive& archive) const {
    archive(value_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(value_);
  }

 private:
  int value_ = 0;
};
struct Boxed {
  std::unique_ptr<Point> box;
};
struct Adder {
  int n;
  Point operator()(Point p) const {
    p.x += n;
    return p;
  }
};
struct Board {
  int total = 0;
  int add(int n) { return total += n; }
  std::vector<Point> points() const { return {}; }
};
struct Cache {
  int uses = 0;
};
Point move_point(const Point& p) { return p; }
void look_at(const Point&) {}

}  // namespace program

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

CONCURRENT_FUTURES_EXCEPTION(program::Failure)
CONCURRENT_FUTURES_EXCEPTION(program::Located)

namespace {

using program::Adder;
using program::Bits;
using program::Board;
using program::Boxed;
using program::Cache;
using program::Colour;
using program::Custom;
using program::Failure;
using program::Hash;
using program::Located;
using program::Plain;
using program::Point;
using program::Split;

template <class T>
void there_and_back(const T& value = T()) {
  pickle::loads<T>(pickle::dumps(value));
}

void values() {
  there_and_back<Point>();
  there_and_back<Colour>();
  there_and_back<Custom>();
  there_and_back<Split>();
  there_and_back<std::vector<Bits>>();
  there_and_back<std::vector<Point>>();
  there_and_back<std::deque<Point>>();
  there_and_back<std::list<Point>>();
  there_and_back<std::array<Point, 2>>();
  there_and_back<std::valarray<Bits>>();
  there_and_back<std::pair<Point, Colour>>();
  there_and_back<std::tuple<Point, Colour>>();
  there_and_back<std::optional<Point>>();
  there_and_back<std::variant<int, Point>>();
  there_and_back<std::shared_ptr<Point>>();
  there_and_back<std::map<Point, Point>>();
  there_and_back<std::multimap<Colour, Point>>();
  there_and_back<std::set<Point>>();
  there_and_back<std::unordered_map<Point, Point, Hash>>();
}

template <class Pool>
void use(Pool& pool) {
  const Point p;
  auto f = pool.submit([](const Point& q) { return q; }, p);
  f.add_done_callback([](const cf::Future<Point>&) {});
  f.wait();
  f.exception();
  f.cancel();
  f.request_stop();
  f.result();
  pool.submit(Adder{3}, p).result();
  pool.submit(program::move_point, p).result();
  pool.submit(program::look_at, p).result();
  pool.submit([](Custom c) { return c; }, Custom{}).result();
  pool.submit([](Colour c) { return c; }, Colour::red).result();
  pool.submit([] { return Boxed{}; }).result();
  pool.submit([]() -> int { throw Failure("x"); });
  pool.submit([]() -> int { throw Located("x", 1); });
  pool.submit([]() -> int { throw Plain{1}; });
  pool.submit(&Board::add, Board{}, 3);
  pool.submit(cf::partial(Adder{1}, p));
  pool.submit(cf::partial(program::move_point, p));
  pool.submit(cf::TaskOptions{.retries = 1}, Adder{1}, p);
  pool.submit([](cf::StopToken, Point q) { return q; }, p);
  pool.submit([] { return ++cf::worker_local<Cache>().uses; });
  std::vector<Bits> bits(3);
  pool.submit([] { return std::vector<Bits>(3); }).result_into(std::span(bits));
  const std::vector<Point> points(3);
  for (const auto& one : pool.map(Adder{1}, points)) static_cast<void>(one);
  for (const auto& one : pool.map(Adder{1}, points, {.chunksize = 2})) static_cast<void>(one);
  for (const auto& one : pool.map_unordered(Adder{1}, points, {.chunksize = cf::auto_chunksize}))
    static_cast<void>(one);
  pool.map([](const Point& q, Colour) { return q; }, points, std::vector<Colour>(3)).to_vector();
  pool.map(program::look_at, points).to_vector();
  std::vector<cf::Future<Point>> futures;
  futures.push_back(pool.submit(Adder{1}, p));
  cf::wait(futures);
  cf::wait(futures, cf::FIRST_COMPLETED);
  for (const auto& one : cf::as_completed(futures)) one.result();
  const cf::AnyFuture any(futures[0]);
  static_cast<void>(cf::as_sender(futures[0]));
  static_cast<void>(cf::submit_sender(pool, Adder{1}, p));
}

void share() {
  mp::Manager manager;
  auto list = manager.list<Point>();
  list.append({});
  list.pop();
  auto dict = manager.dict<int, Point>();
  dict.set(1, {});
  dict.get(1);
  manager.set<Point>().add({});
  auto board = manager.make<Board>();
  board.call(&Board::add, 1);
  mp::Queue<Point> queue(4);
  queue.put({});
  queue.get();
  const mp::Value<Bits> value;
  const mp::Array<Bits> array(3);
}

}  // namespace

int main() {
  values();
  cf::ProcessPoolExecutor processes(cf::ProcessPoolOptions{.initializer = cf::Initializer{program::look_at, Point{}}});
  use(processes);
  cf::ThreadPoolExecutor threads(2);
  use(threads);
  cf::process_map(Adder{1}, std::vector<Point>(3));
  cf::thread_map(Adder{1}, std::vector<Point>(3));
  share();
  cf::Future<Point> mine;
  mine.set_result(Point{});
  mine.set_exception(std::make_exception_ptr(Failure("")));
}
