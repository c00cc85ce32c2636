// SPDX-License-Identifier: BSL-1.0
// Runs a fuzz target without a fuzzer: each file of the folders given as arguments as it is, and then mutants of it,
// always the same ones. So every compiler and sanitizer checks the decoders.
//
//   replay [--mutants n] [--write folder] folder…
//
// --write keeps each mutant that is about to run in folder/current, so that the one that crashes can be found.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// A few small changes of the kinds that hurt decoders most: bits, lengths, cuts, repeats.
void mutate(Bytes& bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (std::size_t changes = 1 + below(4); changes != 0; --changes) {
    if (bytes.empty()) bytes.push_back(0);
    const std::size_t at = below(bytes.size());
    const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0:
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1u << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<std::uint8_t>(random());
        break;
      case 2: {
        constexpr std::uint64_t lengths[] = {
            0, 1, 2, 255, 1u << 20, 0x7fffffffffffffff, ~std::uint64_t{0}, ~std::uint64_t{0} / 8 + 1};
        const std::uint64_t length = lengths[below(std::size(lengths))];
        std::memcpy(&bytes[at], &length, std::min(sizeof(length), bytes.size() - at));
        break;
      }
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.insert(here, below(9), static_cast<std::uint8_t>(random()));
        break;
      case 5:
        bytes.erase(here, here + static_cast<std::ptrdiff_t>(std::min(below(9), bytes.size() - at)));
        break;
      default: {
        const Bytes piece(here,
                          here + static_cast<std::ptrdiff_t>(std::min<std::size_t>(below(33), bytes.size() - at)));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())), piece.begin(), piece.end());
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t mutants = 2000;
  std::string write_to;
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--mutants" && i + 1 < argc) {
      mutants = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--write" && i + 1 < argc) {
      write_to = argv[++i];
    } else {
      for (const auto& entry : std::filesystem::directory_iterator(argument)) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    std::fputs("replay: no files. Give it the folder of a target's corpus.\n", stderr);
    return 2;
  }
  std::size_t runs = 0;
  const auto run = [&](const Bytes& bytes) {
    if (!write_to.empty()) {
      std::ofstream(write_to + "/current", std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++runs;
  };
  for (const auto& path : files) {
    const Bytes original = read_file(path);
    run(original);
    std::mt19937_64 random(std::hash<std::string>()(path.filename().string()));
    for (std::size_t i = 0; i < mutants; ++i) {
      Bytes mutant = original;
      mutate(mutant, random);
      run(mutant);
    }
  }
  std::printf("replayed %zu files, %zu runs\n", files.size(), runs);
}
