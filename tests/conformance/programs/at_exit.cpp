// SPDX-License-Identifier: BSL-1.0
// at_exit KIND CASE: a program that ends while its executor still has work; rows S2, S3, S6 and S14 look at how.
#include "conformance/programs/at_exit.hpp"

#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <string_view>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc != 3) return 2;
  const std::string_view kind = argv[1];
  if (kind == "thread") {
    static cf::ThreadPoolExecutor pool(2);
    return at_exit::run(argv[2], pool);
  }
  mp::set_start_method(kind);
  static cf::ProcessPoolExecutor pool(2);
  return at_exit::run(argv[2], pool);
}
