// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this class does not say how it is pickled.
// expect: Account
// A class with private members says not how it is pickled.
#include <concurrent/futures.hpp>
#include <string>

namespace cf = concurrent::futures;

class Account {
 public:
  explicit Account(std::string owner) : owner_(owner) {}
  std::size_t length() const { return owner_.size(); }

 private:
  std::string owner_;
};
std::size_t length(const Account& account) { return account.length(); }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(length, Account("Ada"));
#else
  pool.submit([] { return length(Account("Ada")); });
#endif
}
