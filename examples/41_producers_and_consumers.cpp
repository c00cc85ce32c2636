// SPDX-License-Identifier: BSL-1.0
// Two producers fill a queue that has room for ten, two consumers empty it. Closing it ends the consumers when all has
// been taken.
//
// prints:
//   200 items were made, 200 were used, and their sum is 39800
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

struct Used {
  int items = 0;
  long sum = 0;
};

int produce(mp::Queue<int> queue, int first, int count) {
  for (int i = 0; i < count; ++i) queue.put(2 * (first + i));
  return count;
}

Used consume(mp::Queue<int> queue) {
  Used used;
  try {
    for (;;) {
      used.sum += queue.get();
      ++used.items;
    }
  } catch (const mp::Closed&) {  // and empty
  }
  return used;
}

int main() {
  const mp::Queue<int> queue(10);
  cf::ProcessPoolExecutor pool(4);
  std::vector<cf::Future<Used>> consumers;
  for (int i = 0; i < 2; ++i) consumers.push_back(pool.submit(consume, queue));
  cf::Future<int> low = pool.submit(produce, queue, 0, 100);
  cf::Future<int> high = pool.submit(produce, queue, 100, 100);
  const int made = low.result() + high.result();
  queue.close();
  Used all;
  for (const auto& consumer : consumers) {
    all.items += consumer.result().items;
    all.sum += consumer.result().sum;
  }
  std::printf("%d items were made, %d were used, and their sum is %ld\n", made, all.items, all.sum);
}
