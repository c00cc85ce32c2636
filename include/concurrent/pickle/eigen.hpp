// SPDX-License-Identifier: BSL-1.0
/// Matrices, vectors and arrays of Eigen, dense and sparse, and what turns and moves them (Quaternion, AngleAxis,
/// Rotation2D, Translation, Transform, AlignedBox), as arguments and results and as members of what is sent.
/// Not part of pickle.hpp: who includes this has Eigen 3.3 or newer. Maps, Refs and expressions have no memory of their
/// own and are refused: send what their eval() gives.
#pragma once

#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/values.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#if __has_include(<Eigen/SparseCore>)
#include <Eigen/Core>
#include <Eigen/SparseCore>
#else  // where Debian puts them
#include <eigen3/Eigen/Core>
#include <eigen3/Eigen/SparseCore>
#endif

namespace concurrent::pickle::inline v0 {

namespace detail {

template <class Scalar>
void dump_scalars(Writer& writer, const Scalar* scalars, std::size_t count) {
  if constexpr (is_bitwise<Scalar>()) {
    if (count != 0) writer.write(scalars, count * sizeof(Scalar));
  } else {
    for (std::size_t i = 0; i < count; ++i) dump_element<Scalar>(writer, scalars[i]);
  }
}

template <class Scalar>
void load_scalars(Reader& reader, Scalar* scalars, std::size_t count) {
  if constexpr (is_bitwise<Scalar>()) {
    if (count != 0) reader.read(scalars, count * sizeof(Scalar));
  } else {
    for (std::size_t i = 0; i < count; ++i) scalars[i] = load_element<Scalar>(reader);
  }
}

// The least number of bytes of one.
template <class Scalar>
constexpr std::size_t scalar_size() {
  if constexpr (is_bitwise<Scalar>()) {
    return sizeof(Scalar);
  } else {
    return element_size<Scalar>;
  }
}

template <class Matrix>
struct EigenDense {
  using Scalar = typename Matrix::Scalar;

  static void dump(Writer& writer, const Matrix& value) {
    writer.put<std::uint64_t>(static_cast<std::uint64_t>(value.rows()));
    writer.put<std::uint64_t>(static_cast<std::uint64_t>(value.cols()));
    dump_scalars<Scalar>(writer, value.data(), static_cast<std::size_t>(value.size()));
  }

  static Matrix load(Reader& reader) {
    const auto rows = reader.get<std::uint64_t>();
    const auto columns = reader.get<std::uint64_t>();
    check(reader, rows, Matrix::RowsAtCompileTime, Matrix::MaxRowsAtCompileTime, "rows");
    check(reader, columns, Matrix::ColsAtCompileTime, Matrix::MaxColsAtCompileTime, "columns");
    if (columns != 0 && rows > reader.remaining() / scalar_size<Scalar>() / columns) {
      reader.refuse("a matrix has more elements than there are bytes for");
    }
    Matrix value;
    value.resize(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
    load_scalars<Scalar>(reader, value.data(), static_cast<std::size_t>(rows * columns));
    return value;
  }

 private:
  static void check(Reader& reader, std::uint64_t count, int fixed, int most, const char* what) {
    constexpr auto largest = std::uint64_t{1} << 62;
    if (count > largest || (fixed != Eigen::Dynamic && count != static_cast<std::uint64_t>(fixed)) ||
        (most != Eigen::Dynamic && count > static_cast<std::uint64_t>(most))) {
      reader.refuse("a matrix has another number of " + std::string(what) + " than its type");
    }
  }
};

// What has its numbers in a matrix or two of fixed size, which `parts` gives.
template <class T, class Parts>
struct EigenParts {
  static void dump(Writer& writer, const T& value) {
    Parts::visit(value, [&](const auto& part) { EigenDense<std::remove_cvref_t<decltype(part)>>::dump(writer, part); });
  }
  static T load(Reader& reader) {
    T value;
    Parts::visit(value, [&](auto& part) { part = EigenDense<std::remove_cvref_t<decltype(part)>>::load(reader); });
    return value;
  }
};
struct EigenCoefficients {
  static void visit(auto& value, auto visit) { visit(value.coeffs()); }
};
struct EigenVector {
  static void visit(auto& value, auto visit) { visit(value.vector()); }
};
struct EigenMatrix {
  static void visit(auto& value, auto visit) { visit(value.matrix()); }
};
struct EigenCorners {
  static void visit(auto& value, auto visit) { visit((value.min)()), visit((value.max)()); }
};

}  // namespace detail

/// Dense matrices and vectors, of fixed and of dynamic size.
template <class Scalar, int rows, int columns, int options, int most_rows, int most_columns>
struct Pickler<Eigen::Matrix<Scalar, rows, columns, options, most_rows, most_columns>>
    : detail::EigenDense<Eigen::Matrix<Scalar, rows, columns, options, most_rows, most_columns>> {};

/// Dense arrays, of fixed and of dynamic size.
template <class Scalar, int rows, int columns, int options, int most_rows, int most_columns>
struct Pickler<Eigen::Array<Scalar, rows, columns, options, most_rows, most_columns>>
    : detail::EigenDense<Eigen::Array<Scalar, rows, columns, options, most_rows, most_columns>> {};

/// Of <Eigen/Geometry>, and so is what follows.
template <class Scalar, int options>
struct Pickler<Eigen::Quaternion<Scalar, options>>
    : detail::EigenParts<Eigen::Quaternion<Scalar, options>, detail::EigenCoefficients> {};
template <class Scalar, int dimensions>
struct Pickler<Eigen::Translation<Scalar, dimensions>>
    : detail::EigenParts<Eigen::Translation<Scalar, dimensions>, detail::EigenVector> {};
template <class Scalar, int dimensions, int mode, int options>
struct Pickler<Eigen::Transform<Scalar, dimensions, mode, options>>
    : detail::EigenParts<Eigen::Transform<Scalar, dimensions, mode, options>, detail::EigenMatrix> {};
template <class Scalar, int dimensions>
struct Pickler<Eigen::AlignedBox<Scalar, dimensions>>
    : detail::EigenParts<Eigen::AlignedBox<Scalar, dimensions>, detail::EigenCorners> {};
/// An angle and an axis.
template <class Scalar>
struct Pickler<Eigen::AngleAxis<Scalar>> {
  /// As every Pickler's.
  static void dump(Writer& writer, const Eigen::AngleAxis<Scalar>& value) {
    detail::dump_scalars<Scalar>(writer, value.axis().data(), 3);
    const Scalar angle = value.angle();
    detail::dump_scalars<Scalar>(writer, &angle, 1);
  }
  /// As every Pickler's.
  static Eigen::AngleAxis<Scalar> load(Reader& reader) {
    Scalar parts[4];
    detail::load_scalars<Scalar>(reader, parts, 4);
    return {parts[3], Eigen::Matrix<Scalar, 3, 1>(parts[0], parts[1], parts[2])};
  }
};
/// An angle.
template <class Scalar>
struct Pickler<Eigen::Rotation2D<Scalar>> {
  /// As every Pickler's.
  static void dump(Writer& writer, const Eigen::Rotation2D<Scalar>& value) {
    const Scalar angle = value.angle();
    detail::dump_scalars<Scalar>(writer, &angle, 1);
  }
  /// As every Pickler's.
  static Eigen::Rotation2D<Scalar> load(Reader& reader) {
    Scalar angle;
    detail::load_scalars<Scalar>(reader, &angle, 1);
    return Eigen::Rotation2D<Scalar>(angle);
  }
};

/// Sparse matrices. They arrive compressed.
template <class Scalar, int options, class StorageIndex>
struct Pickler<Eigen::SparseMatrix<Scalar, options, StorageIndex>> {
  using Matrix = Eigen::SparseMatrix<Scalar, options, StorageIndex>;  ///< the type itself

  /// As every Pickler's.
  static void dump(Writer& writer, const Matrix& value) {
    if (!value.isCompressed()) {
      Matrix compressed = value;
      compressed.makeCompressed();
      return dump(writer, compressed);
    }
    const auto count = static_cast<std::size_t>(value.nonZeros());
    writer.put<std::uint64_t>(static_cast<std::uint64_t>(value.outerSize()));
    writer.put<std::uint64_t>(static_cast<std::uint64_t>(value.innerSize()));
    writer.put<std::uint64_t>(count);
    for (Eigen::Index i = 1; i <= value.outerSize(); ++i) writer.put(value.outerIndexPtr()[i]);
    detail::dump_scalars<StorageIndex>(writer, value.innerIndexPtr(), count);
    detail::dump_scalars<Scalar>(writer, value.valuePtr(), count);
  }

  /// As every Pickler's.
  static Matrix load(Reader& reader) {
    constexpr auto largest = static_cast<std::uint64_t>((std::numeric_limits<StorageIndex>::max)());
    const auto outer = reader.get<std::uint64_t>();
    const auto inner = reader.get<std::uint64_t>();
    const auto count = reader.get<std::uint64_t>();
    if (outer >= largest || inner > largest || count > largest || outer > reader.remaining() / sizeof(StorageIndex) ||
        count > reader.remaining() / (sizeof(StorageIndex) + detail::scalar_size<Scalar>())) {
      reader.refuse("a sparse matrix is larger than its bytes");
    }
    const auto outer_size = static_cast<Eigen::Index>(outer), inner_size = static_cast<Eigen::Index>(inner);
    Matrix value(Matrix::IsRowMajor ? outer_size : inner_size, Matrix::IsRowMajor ? inner_size : outer_size);
    value.resizeNonZeros(static_cast<Eigen::Index>(count));
    StorageIndex* const starts = value.outerIndexPtr();
    starts[0] = 0;
    detail::load_scalars<StorageIndex>(reader, starts + 1, static_cast<std::size_t>(outer));
    detail::load_scalars<StorageIndex>(reader, value.innerIndexPtr(), static_cast<std::size_t>(count));
    check(reader, value, static_cast<StorageIndex>(inner), static_cast<StorageIndex>(count));
    detail::load_scalars<Scalar>(reader, value.valuePtr(), static_cast<std::size_t>(count));
    return value;
  }

 private:
  // Eigen believes its indices.
  static void check(Reader& reader, const Matrix& value, StorageIndex inner, StorageIndex count) {
    const StorageIndex* const starts = value.outerIndexPtr();
    bool good = starts[value.outerSize()] == count;
    for (Eigen::Index i = 0; good && i < value.outerSize(); ++i) {
      good = starts[i] <= starts[i + 1] && starts[i + 1] <= count;
      for (StorageIndex k = starts[i]; good && k < starts[i + 1]; ++k) {
        const StorageIndex at = value.innerIndexPtr()[k];
        good = at >= 0 && at < inner && (k == starts[i] || value.innerIndexPtr()[k - 1] < at);
      }
    }
    if (!good) reader.refuse("the indices of a sparse matrix are out of order");
  }
};

}  // namespace concurrent::pickle::inline v0
