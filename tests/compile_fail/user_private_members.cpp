// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this class does not say how it is pickled
// expect: Account
// Objects of a class with private members, mapped over.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

class Account {
 public:
  explicit Account(int balance) : balance_(balance) {}
  int balance() const { return balance_; }

 private:
  int balance_;
};
int balance_of(const Account& account) { return account.balance(); }
int same(int n) { return n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<Account> accounts{Account(1), Account(2)};
  int total = 0;
#ifdef CASE
  for (auto balance : pool.map(balance_of, accounts)) total += balance;
#else
  for (auto balance : pool.map(same, std::vector{1, 2})) total += balance;
#endif
  return total;
}
