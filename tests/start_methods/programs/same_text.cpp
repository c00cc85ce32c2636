// SPDX-License-Identifier: BSL-1.0
// same_text METHOD: all that can travel, through whichever start method. Prints the same for each.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <concurrent/pickle.hpp>

#include <cstdint>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace app {

class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Point {
  int x = 0;
  std::string label;
  int sum(int more) const { return x + more; }
};

struct AddTo {
  int base = 0;
  int operator()(int value) const { return base + value; }
};

int prepared = 0;

int triple(int value) { return 3 * value; }
int overloaded(int value) { return value; }
int overloaded(int a, int b) { return a - b; }
template <class T>
T doubled(T value) {
  return value + value;
}
void prepare(int value, std::string text) { prepared = value + static_cast<int>(text.size()); }
int refuse(std::string why) { throw Refused(why); }
int call(int (*function)(int), int value) { return function(value); }

namespace {
int hidden(int value) { return value + 7; }
}  // namespace

}  // namespace app

CONCURRENT_FUTURES_EXCEPTION(app::Refused)

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc < 2) return 2;
  cf::ProcessPoolOptions options;
  options.max_workers = 2;
  options.mp_context = mp::get_context(argv[1]);
  options.initializer = cf::Initializer{app::prepare, 40, std::string("ab")};
  options.max_tasks_per_child = 5;
  cf::ProcessPoolExecutor pool(options);
  const int captured = 5;
  std::printf("function %d\n", pool.submit(app::triple, 14).result());
  std::printf("initializer %d\n", pool.submit([] { return app::prepared; }).result());
  std::printf("overload %d\n", pool.submit(static_cast<int (*)(int, int)>(app::overloaded), 9, 4).result());
  std::printf("template %s\n", pool.submit(app::doubled<std::string>, "na").result().c_str());
  std::printf("hidden %d\n", pool.submit(app::hidden, 1).result());
  std::printf("lambda %d\n", pool.submit([](int value) { return value - 1; }, 8).result());
  std::printf("closure %d\n", pool.submit([captured](int value) { return captured * value; }, 8).result());
  std::printf("function object %d\n", pool.submit(app::AddTo{30}, 3).result());
  std::printf("member function %d\n", pool.submit(&app::Point::sum, app::Point{4, "p"}, 6).result());
  std::printf("data member %s\n", pool.submit(&app::Point::label, app::Point{4, "label"}).result().c_str());
  std::printf("function as argument %d\n", pool.submit(app::call, app::triple, 5).result());
  std::printf("function as result %d\n", pool.submit([] { return &app::triple; }).result()(6));
  std::printf("map");
  for (const int value : pool.map(app::triple, std::vector<int>{1, 2, 3, 4, 5, 6, 7})) std::printf(" %d", value);
  std::printf("\n");
  try {
    pool.submit(app::refuse, "by its own type").result();
  } catch (const app::Refused& error) {
    std::printf("exception %s\n", error.what());
  }
  const std::map<std::string, std::vector<int>> table{{"one", {1}}, {"two", {1, 2}}};
  std::printf("value %zu\n",
              pool.submit([](const std::map<std::string, std::vector<int>>& given) { return given; }, table)
                  .result()
                  .at("two")
                  .size());
  std::printf("parent %d\n",
              pool.submit([] { return mp::parent_process()->pid; }).result() == mp::current_process().pid);
}
