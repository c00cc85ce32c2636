// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/shared_name.hpp>
#include <concurrent/os/memory_file.hpp>

#include <boost/interprocess/mapped_region.hpp>

#include <pthread.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A piece of shared memory as this process has it mapped: once, however many handles there are.
class SharedMapping {
 public:
  /// Makes memory of `size` zeros. Throws std::system_error.
  static std::shared_ptr<SharedMapping> create(std::uint64_t size);
  /// The memory of that name: the mapping that this process has, or a new one. Throws as open_shared_memory does.
  static std::shared_ptr<SharedMapping> open(const SharedName& name);

  using Region = std::unique_ptr<boost::interprocess::mapped_region>;

  SharedMapping(Descriptor descriptor, const SharedName& name, Region region = nullptr)
      : descriptor_(std::move(descriptor)),
        name_(name),
        region_(region ? std::move(region) : map(descriptor_.get(), name)) {}
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;
  ~SharedMapping();

  std::byte* data() const noexcept { return static_cast<std::byte*>(region_->get_address()); }
  std::size_t size() const noexcept { return static_cast<std::size_t>(name_.size); }
  /// The memory stays where it is for as long as this process lives, also when the last handle has let go of the
  /// descriptor; who opens it again finds it there.
  void stay_mapped();
  /// As another process finds it, by way of this one. A forked child has the same descriptor, and says its own pid.
  SharedName name() const noexcept {
    SharedName name = name_;
    name.pid = ::getpid();
    name.descriptor = descriptor_.get();
    return name;
  }

 private:
  /// What Boost.Interprocess maps: anything that tells a descriptor.
  struct Mappable {
    int descriptor;
    boost::interprocess::mapping_handle_t get_mapping_handle() const noexcept { return {descriptor, false}; }
  };
  static Region map(int descriptor, const SharedName& name) {
    try {
      return std::make_unique<boost::interprocess::mapped_region>(Mappable{descriptor}, boost::interprocess::read_write,
                                                                  0, SharedTrailer::end(name.size));
    } catch (const boost::interprocess::interprocess_exception& error) {
      throw_errno(error.get_native_error(), "mmap of shared memory");
    }
  }

  Descriptor descriptor_;
  SharedName name_;
  Region region_;
};

/// All that this process has mapped, also what it inherited.
class SharedMappings {
 public:
  static SharedMappings& instance() {
    static SharedMappings* const mappings = new SharedMappings;  // never destroyed: handles may be globals
    return *mappings;
  }

  std::shared_ptr<SharedMapping> find(const SharedId& id) {
    const MutexLock lock(mutex_);
    const auto found = mappings_.find(id);
    return found == mappings_.end() ? nullptr : found->second.lock();
  }
  /// Notes the mapping, or returns the one that another thread has noted meanwhile.
  std::shared_ptr<SharedMapping> add(const SharedId& id, const std::shared_ptr<SharedMapping>& mapping) {
    const MutexLock lock(mutex_);
    std::weak_ptr<SharedMapping>& noted = mappings_[id];
    if (std::shared_ptr<SharedMapping> other = noted.lock()) return other;
    noted = mapping;
    return mapping;
  }
  void forget(const SharedId& id) noexcept {
    const MutexLock lock(mutex_);
    const auto found = mappings_.find(id);
    if (found != mappings_.end() && found->second.expired()) mappings_.erase(found);
  }

  /// Makes room for a mapping that stays.
  void expect_to_stay(const SharedId& id) {
    const MutexLock lock(mutex_);
    static_cast<void>(stay_[id]);
  }
  /// Keeps it if it is to stay.
  void leave(const SharedId& id, SharedMapping::Region& region) noexcept {
    const MutexLock lock(mutex_);
    const auto found = stay_.find(id);
    if (found == stay_.end()) return;
    if (found->second)  // two threads opened the memory at once, and both mappings have been given to the kernel
      static_cast<void>(region.release());
    else
      found->second = std::move(region);
  }
  /// One that has stayed; null.
  SharedMapping::Region take_left(const SharedId& id) noexcept {
    const MutexLock lock(mutex_);
    const auto found = stay_.find(id);
    return found == stay_.end() ? nullptr : std::move(found->second);
  }

 private:
  SharedMappings() {
    // Held over every fork, so that the child finds it free and the map whole.
    ::pthread_atfork([]() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.lock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.unlock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.unlock(); });
  }

  Mutex mutex_;
  std::map<SharedId, std::weak_ptr<SharedMapping>> mappings_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  // Those that stay mapped: null while there is a handle.
  std::map<SharedId, SharedMapping::Region> stay_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

inline std::shared_ptr<SharedMapping> SharedMapping::create(std::uint64_t size) {
  const std::uint64_t all = SharedTrailer::end(size);
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && all > limit.rlim_cur)
    throw_errno(EFBIG, "ftruncate of shared memory");  // the attempt would be answered with SIGXFSZ
  Descriptor descriptor = make_memfd(shared_memory_file);
  while (::ftruncate(descriptor.get(), static_cast<off_t>(all)) != 0) {
    if (errno != EINTR) throw_errno(errno, "ftruncate of shared memory");
  }
  SharedName name;
  name.id = draw_shared_id();
  name.size = size;
  SharedTrailer trailer;
  trailer.size = size;
  trailer.id = name.id;
  if (::pwrite(descriptor.get(), &trailer, sizeof trailer, static_cast<off_t>(SharedTrailer::offset(size))) !=
      static_cast<ssize_t>(sizeof trailer)) {
    throw_errno(errno, "write of shared memory");
  }
  if (!os::seal_size(descriptor.get())) throw_errno(errno, "sealing of shared memory");
  const auto mapping = std::make_shared<SharedMapping>(std::move(descriptor), name);
  return SharedMappings::instance().add(name.id, mapping);
}

inline std::shared_ptr<SharedMapping> SharedMapping::open(const SharedName& name) {
  if (std::shared_ptr<SharedMapping> known = SharedMappings::instance().find(name.id)) {
    if (known->size() != name.size) refuse_shared(name, "has it with another size. These bytes are damaged.");
    return known;
  }
  // The descriptor is opened and the memory mapped outside of the lock; where two threads do so, one was for nothing.
  Descriptor descriptor = open_shared_memory(name);
  const auto mapping =
      std::make_shared<SharedMapping>(std::move(descriptor), name, SharedMappings::instance().take_left(name.id));
  return SharedMappings::instance().add(name.id, mapping);
}

inline void SharedMapping::stay_mapped() { SharedMappings::instance().expect_to_stay(name_.id); }

inline SharedMapping::~SharedMapping() {
  SharedMappings::instance().leave(name_.id, region_);
  SharedMappings::instance().forget(name_.id);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
