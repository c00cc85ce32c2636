// SPDX-License-Identifier: BSL-1.0
// Hashes every word of a dictionary with SHA-512: serially, then with a pool, for a table of chunk sizes.
//
//   hash_words [file] [--workers N] [--chunksize N | auto]... [--rounds N]
#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <concurrent/futures.hpp>
#include <concurrent/futures/progress.hpp>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

using Digest = std::array<unsigned char, 64>;
using Digests = std::vector<Digest>;
using Words = std::vector<std::string>;

/// The task: one word in, its digest out.
Digest hash_word(const std::string& word) {
  Digest digest;
  if (EVP_Digest(word.data(), word.size(), digest.data(), nullptr, EVP_sha512(), nullptr) != 1) {
    throw std::runtime_error("SHA-512 failed");
  }
  return digest;
}

/// What a person did wrong, in one line; ends the program with status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::string file = "/usr/share/dict/american-english-insane";
  int workers = mp::usable_cpu_count();
  std::vector<std::size_t> chunk_sizes;
  int rounds = 3;
};

template <class Number>
Number parse_number(std::string_view option, std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) {
    throw UsageError(fmt::format("{} must be a whole number above 0, not '{}'", option, text));
  }
  return number;
}

Arguments parse_arguments(const std::vector<std::string_view>& given) {
  Arguments arguments;
  bool has_file = false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string_view option = given[i];
    const auto value = [&] {
      if (++i == given.size()) throw UsageError(fmt::format("{} needs a value", option));
      return given[i];
    };
    if (option == "--workers") {
      arguments.workers = parse_number<int>(option, value());
    } else if (option == "--rounds") {
      arguments.rounds = parse_number<int>(option, value());
    } else if (option == "--chunksize") {
      const std::string_view size = value();
      arguments.chunk_sizes.push_back(size == "auto" ? cf::auto_chunksize : parse_number<std::size_t>(option, size));
    } else if (option.starts_with("-") || has_file) {
      throw UsageError(fmt::format(
          "what is '{}'? Use: hash_words [file] [--workers N] [--chunksize N | auto]... [--rounds N]", option));
    } else {
      arguments.file = option;
      has_file = true;
    }
  }
  return arguments;
}

Words load_words(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw UsageError(fmt::format("cannot read the word list '{}': {}", file, std::strerror(errno)));
  Words words;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) words.push_back(line);
  }
  if (words.empty()) throw UsageError(fmt::format("there are no words in '{}': one a line is expected", file));
  return words;
}

struct Row {
  std::string name;
  std::function<void(Digests&, cf::ProgressBar&)> hash_all;
  std::vector<double> seconds;
  double median() {
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
  }
};

bool same_set(const Digests& left, const Digests& right) {
  const auto hash = [](const Digest& digest) {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  using Set = std::unordered_set<Digest, decltype(hash)>;
  return Set(left.begin(), left.end(), 0, hash) == Set(right.begin(), right.end(), 0, hash);
}

int run(const Arguments& arguments) {
  const Words words = load_words(arguments.file);
  cf::ProcessPoolExecutor pool(arguments.workers);
  pool.warm_up(arguments.workers);

  std::vector<Row> rows;
  rows.push_back({"serial",
                  [&words](Digests& digests, cf::ProgressBar& bar) {
                    auto digest = digests.begin();
                    for (const std::string& word : words) {
                      *digest++ = hash_word(word);
                      bar.advance();
                    }
                  },
                  {}});
  const auto add_row = [&](std::string name, std::size_t chunk_size) {
    rows.push_back({std::move(name),
                    [&words, &pool, chunk_size](Digests& digests, cf::ProgressBar& bar) {
                      auto digest = digests.begin();
                      for (const Digest& result : pool.map(hash_word, words, cf::MapOptions{.chunksize = chunk_size})) {
                        *digest++ = result;
                        bar.advance();
                      }
                    },
                    {}});
  };
  if (arguments.chunk_sizes.empty()) {
    const auto workers = static_cast<std::size_t>(arguments.workers);
    add_row("one per worker", (words.size() + workers - 1) / workers);
    for (const std::size_t size : {100'000U, 50'000U, 10'000U, 5'000U, 1'000U, 500U})
      add_row(fmt::format("{}", size), size);
    add_row("auto", cf::auto_chunksize);
  }
  for (const std::size_t size : arguments.chunk_sizes) {
    add_row(size == cf::auto_chunksize ? "auto" : fmt::format("{}", size), size);
  }

  // Row by row and round by round, so that a noisy moment of the machine does not favour one row.
  bool all_same = true;
  Digests expected(words.size());
  Digests digests(words.size());
  for (int round = 0; round < arguments.rounds; ++round) {
    for (Row& row : rows) {
      cf::ProgressBar bar({.desc = row.name, .total = words.size(), .unit = " words", .leave = false});
      const auto start = std::chrono::steady_clock::now();
      row.hash_all(digests, bar);
      row.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      if (round > 0) continue;
      if (&row == &rows.front()) {
        expected = digests;
      } else {
        all_same = same_set(expected, digests) && all_same;
      }
      std::fill(digests.begin(), digests.end(), Digest{});
    }
  }

  fmt::print("{} words of {}, SHA-512, {} workers\n", words.size(), arguments.file, arguments.workers);
  fmt::print(
      "Timed: hashing, from words to digests in order; median of {}. Not timed: loading, comparing, starting "
      "workers.\n\n",
      arguments.rounds);
  fmt::print("{:>14}  {:>8}  {:>8}\n", "chunk size", "seconds", "speed-up");
  const double serial = rows.front().median();
  for (Row& row : rows) fmt::print("{:>14}  {:8.3f}  {:8.2f}\n", row.name, row.median(), serial / row.median());
  fmt::print("\nSerial and pool {} the same set of digests.\n", all_same ? "gave" : "DID NOT GIVE");
  return all_same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse_arguments({argv + 1, argv + argc}));
  } catch (const UsageError& error) {
    fmt::print(stderr, "hash_words: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "hash_words: {}\n", error.what());
    return 1;
  }
}
