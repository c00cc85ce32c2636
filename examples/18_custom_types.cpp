// SPDX-License-Identifier: BSL-1.0
// Types of your own: an aggregate needs nothing; other classes say how, once; an exception is declared in one line.
//
// prints:
//   Ada lives at 12 Main Street
//   the balance is 15
//   not enough money: 5 missing
#include <concurrent/futures.hpp>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace cf = concurrent::futures;

namespace town {

struct Address {  // an aggregate: nothing to write
  std::string street;
  int number;
};

struct Person {
  std::string name;
  std::optional<Address> address;
};

class Account {  // has an invariant: it says how, in the form that cereal and Boost.Serialization users know
 public:
  Account() = default;
  explicit Account(int balance) : balance_(balance) {}
  void pay(int amount);
  int balance() const { return balance_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(balance_, history_);
  }

 private:
  int balance_ = 0;
  std::map<int, int> history_;
};

class NotEnoughMoney : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void Account::pay(int amount) {
  if (amount > balance_) throw NotEnoughMoney("not enough money: " + std::to_string(amount - balance_) + " missing");
  balance_ -= amount;
  history_[static_cast<int>(history_.size())] = amount;
}

Person find(const std::string& name) { return {name, Address{"Main Street", 12}}; }

Account after_payment(Account account, int amount) {
  account.pay(amount);
  return account;
}

}  // namespace town

CONCURRENT_FUTURES_EXCEPTION(town::NotEnoughMoney);

int main() {
  cf::ProcessPoolExecutor pool(1);
  const town::Person ada = pool.submit(town::find, "Ada").result();
  std::printf("%s lives at %d %s\n", ada.name.c_str(), ada.address->number, ada.address->street.c_str());

  const town::Account account = pool.submit(town::after_payment, town::Account(20), 5).result();
  std::printf("the balance is %d\n", account.balance());
  try {
    pool.submit(town::after_payment, account, 20).result();
  } catch (const town::NotEnoughMoney& error) {
    std::printf("%s\n", error.what());
  }
}
