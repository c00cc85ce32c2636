// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this class does not say how it is pickled.
// expect: Account
#include <concurrent/pickle.hpp>

class Account {
 public:
  explicit Account(int balance) : balance_(balance) {}
  int balance() const { return balance_; }
#ifndef CASE
  Account() = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(balance_);
  }
#endif

 private:
  int balance_ = 0;
};

int main() { concurrent::pickle::dumps(Account(1)); }
