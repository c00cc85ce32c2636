// SPDX-License-Identifier: BSL-1.0
// A program that uses most of the library, in which every warning that somebody may have asked for is an error.
#include <concurrent/futures.hpp>
#include <concurrent/futures/progress.hpp>
#include <concurrent/multiprocessing.hpp>

#include <array>
#include <complex>
#include <deque>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};
struct Shape {
  std::string name{};
  std::vector<Point> points{};
  char code[4] = {'a', 'b', 'c', 'd'};
  std::optional<int> colour{};
  std::map<std::string, std::vector<short>> tags{};
};
class Account {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(balance_, owner_);
  }

 private:
  long balance_ = 0;
  std::string owner_{};
};
enum class Colour : unsigned char { red, green };
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
CONCURRENT_FUTURES_EXCEPTION(Failure)

static int square(int n) { return n * n; }
static std::string join(const std::string& a, const std::string& b) { return a + b; }
static Shape grow(Shape shape) { return shape; }
static double sum(std::span<const double> values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}
static std::unique_ptr<int> make(int n) { return std::make_unique<int>(n); }
static void nothing(unsigned char) {}
static double mix(unsigned char a, std::size_t b, float c, short d) {
  return a + static_cast<double>(b) + static_cast<double>(c) + d;
}
struct Scale {
  float by = 1;
  double operator()(unsigned short n) const { return n * static_cast<double>(by); }
  double times(unsigned n, float f) const { return n * static_cast<double>(by) * static_cast<double>(f); }
};
static std::size_t length(std::string_view text) { return text.size(); }

template <class T>
static bool crosses(const T& value) {
  const std::vector<std::byte> bytes = pickle::dumps(value);
  static_cast<void>(pickle::loads<T>(bytes));
  return !bytes.empty();
}

template <cf::Executor Pool>
static int use(Pool& pool) {
  using namespace std::chrono_literals;
  int total = 0;
  cf::Future<int> one = pool.submit(square, 3);
  std::vector<cf::Future<int>> futures{one, pool.submit([one = 1](int n) { return n + one; }, 4)};
  one.add_done_callback([](const cf::Future<int>&) {});
  total += one.result() + one.result(1s);
  total += static_cast<int>(pool.submit(join, "a", std::string("b")).result().size());
  total += static_cast<int>(pool.submit(grow, Shape()).result().points.size());
  total += static_cast<int>(pool.submit(sum, std::vector<double>{1, 2}).result());
  total += *pool.submit(make, 3).result();
  total += static_cast<int>(pool.submit(length, std::string_view("abc")).result());
  pool.submit(nothing, 1).result();
  const std::vector<int> numbers{1, 2};
  total += static_cast<int>(pool.submit(mix, total, total, 1.5, 7).result());  // arguments become what parameters are
  total +=
      static_cast<int>(pool.submit(Scale{2}, total).result() + pool.submit(&Scale::times, Scale(), 1, 0.5).result());
  for (const double x : pool.map(Scale{1}, numbers)) total += static_cast<int>(x);
  for (const double x : pool.map(cf::partial(mix, 1, 2, 0.5), numbers)) total += static_cast<int>(x);
  for (const int n : pool.map(square, std::vector{1, 2, 3})) total += n;
  for (const int n : pool.map(square, std::list{1, 2, 3}, {.chunksize = 2})) total += n;
  for (const int n : pool.map(square, {1, 2, 3}, {.chunksize = cf::auto_chunksize})) total += n;
  for (const auto& text : pool.map(join, std::vector<std::string>{"a"}, std::vector<std::string>{"b"}))
    total += static_cast<int>(text.size());
  for (const int n : pool.map_unordered(square, std::set{1, 2}, {.timeout = 10s, .buffersize = 2})) total += n;
  auto [done, not_done] = cf::wait(futures, 10s, cf::FIRST_COMPLETED);
  for (const auto& future : cf::as_completed(futures, 10s)) total += future.result();
  total += static_cast<int>(done.size() + not_done.size());
  std::vector<cf::AnyFuture> any{one, futures[1]};
  cf::wait(any);
  std::exception_ptr failure = pool.submit([] { throw Failure("no"); }).exception();
  total += failure ? 1 : 0;
  total += one.cancel() ? 1 : 0;
  total +=
      static_cast<int>(pool.pending_work_items()) + pool.max_workers() + static_cast<int>(pool.statistics().submitted);
  pool.warm_up(1);
  return total + (pool.shutdown_for(10s) ? 0 : 1);
}

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  mp::freeze_support(argc, argv);
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  int total = 0;
  {
    cf::ProcessPoolExecutor pool(
        {.max_workers = 2, .initializer = cf::Initializer{[](int) {}, 1}, .max_tasks_per_child = 100});
    total += pool.submit({.timeout = 10s, .retries = 1}, square, 3).result();
    mp::Value<int> counter(0);
    mp::Array<double> values(3);
    mp::Event event;
    pool.submit(
            [](mp::Value<int> value, mp::Array<double> array, mp::Event set) {
              value.store(static_cast<int>(array.size()));
              set.set();
            },
            counter, values, event)
        .result();
    total += use(pool);
  }
  cf::ThreadPoolExecutor threads(2);
  total += use(threads);
  total += static_cast<int>(cf::process_map(square, std::vector{1, 2}, {.max_workers = 1}).size());
  total += static_cast<int>(cf::thread_map(square, std::vector{1, 2}).size());
  bool all = true;
  all = crosses(1) && crosses('c') && crosses(1.5f) && crosses(true) && crosses(1.5L) && crosses(Colour::red) && all;
  all = crosses(std::string("a")) && crosses(std::wstring(L"a")) && crosses(std::vector<bool>{true}) && all;
  all = crosses(std::map<int, std::string>()) && crosses(std::unordered_map<std::string, Point>()) && all;
  all = crosses(std::set<std::string>()) && crosses(std::unordered_set<int>()) && crosses(std::deque<short>()) && all;
  all = crosses(std::variant<int, std::string>()) && crosses(std::tuple<int, char, std::string>()) && all;
  all =
      crosses(std::array<Point, 3>()) && crosses(std::array<std::string, 2>()) && crosses(std::complex<float>()) && all;
  all = crosses(std::filesystem::path("a")) && crosses(10s) && crosses(std::chrono::system_clock::now()) && all;
  all = crosses(std::make_unique<Shape>()) && crosses(std::make_shared<Account>()) && crosses(Account()) && all;
  all = crosses(std::make_exception_ptr(Failure("no"))) && crosses(std::error_code()) && crosses(std::byte{1}) && all;
  return total > 0 && all ? 0 : 1;
}
