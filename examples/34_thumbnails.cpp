// SPDX-License-Identifier: BSL-1.0
// Thumbnails of pictures from anywhere, some of them damaged, with a decoder that believes what a file says of itself:
// it crashes on one and never ends on another. Only those two files are lost.
//
// prints:
//   blue.pgm: 4 x 4, average 200
//   lies.pgm: the decoder died of signal 11
//   loops.pgm: took too long
//   gray.pgm: 4 x 4, average 90
//   notes.pgm: is no picture
//   2 thumbnails of 5 files
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace cf = concurrent::futures;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Picture {  // an aggregate: travels as it is
  int width = 0, height = 0;
  std::vector<unsigned char> pixels;
};

class NoPicture : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
CONCURRENT_FUTURES_EXCEPTION(NoPicture)

// A decoder as one finds them: fast, and trusting.
Picture decode(const std::string& bytes) {
  std::istringstream in(bytes);
  std::string magic;
  Picture picture;
  if (!(in >> magic >> picture.width >> picture.height) || magic != "P2") throw NoPicture("is no picture");
  volatile const char* data = bytes.data();
  if (picture.width > 10'000) static_cast<void>(data[static_cast<long>(picture.width) * picture.height * -4096]);
  for (int left = picture.width * picture.height; left != 0; --left) {  // a negative size: for ever, nearly
    int value = 0;
    if (in >> value) picture.pixels.push_back(static_cast<unsigned char>(value));
    if (left < 0) left = -1000;
  }
  return picture;
}

Picture thumbnail(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  const Picture full = decode(bytes.str());
  Picture small{full.width / 2, full.height / 2, {}};
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x)
      small.pixels.push_back(full.pixels[static_cast<std::size_t>(2 * y * full.width + 2 * x)]);
  }
  return small;
}

void write_picture(const fs::path& file, int width, int height, int gray) {
  std::ofstream out(file);
  out << "P2\n" << width << ' ' << height << '\n';
  for (int i = 0; i < 64; ++i) out << gray << ' ';
}

int main() {
  const fs::path folder = fs::temp_directory_path() / ("thumbnails-" + std::to_string(::getpid()));
  fs::create_directory(folder);
  std::vector<fs::path> files;
  for (const char* name : {"blue.pgm", "lies.pgm", "loops.pgm", "gray.pgm", "notes.pgm"})
    files.push_back(folder / name);
  write_picture(files[0], 8, 8, 200);
  write_picture(files[1], 1 << 20, 1 << 10, 0);
  write_picture(files[2], -1, 8, 0);
  write_picture(files[3], 8, 8, 90);
  std::ofstream(files[4]) << "to do: buy milk\n";

  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  cf::ProcessPoolExecutor pool({.max_workers = 2, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  int made = 0;
  auto thumbnails = pool.map(thumbnail, files, {.task = {.timeout = 500ms}});
  auto next = thumbnails.begin();
  for (const fs::path& file : files) {
    std::printf("%s: ", file.filename().c_str());
    try {
      const Picture small = *next;
      int sum = 0;
      for (int pixel : small.pixels) sum += pixel;
      std::printf("%d x %d, average %d\n", small.width, small.height, sum / static_cast<int>(small.pixels.size()));
      ++made;
    } catch (const cf::WorkerDied& death) {
      std::printf("the decoder died of signal %d\n", death.signal().value_or(0));
    } catch (const cf::TaskTimeoutError&) {
      std::printf("took too long\n");
    } catch (const NoPicture& error) {
      std::printf("%s\n", error.what());
    }
    ++next;  // after a failed item the iteration goes on with the next one
  }
  std::printf("%d thumbnails of %zu files\n", made, files.size());
  fs::remove_all(folder);
}
