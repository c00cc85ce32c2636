// SPDX-License-Identifier: BSL-1.0
// Where Eigen is installed.
#if __has_include(<Eigen/SparseCore>)
#include <Eigen/Core>
#include <Eigen/Geometry>
#include <Eigen/SparseCore>
#define HAS_EIGEN
#elif __has_include(<eigen3/Eigen/SparseCore>)
#include <eigen3/Eigen/Core>
#include <eigen3/Eigen/Geometry>
#include <eigen3/Eigen/SparseCore>
#define HAS_EIGEN
#endif

#include "support/catch.hpp"

#ifdef HAS_EIGEN
#include <concurrent/pickle.hpp>
#include <concurrent/pickle/eigen.hpp>

#include <complex>
#include <random>
#include <string>
#include <vector>

namespace pickle = concurrent::pickle;

namespace {

struct Fit {
  std::string name{};
  Eigen::VectorXd weights{};
  Eigen::Matrix3d rotation{};
  Eigen::SparseMatrix<double> sparse{};
};

template <class T>
T trip(const T& value) {
  return pickle::loads<T>(pickle::dumps(value));
}

Eigen::SparseMatrix<double> some_sparse() {
  Eigen::SparseMatrix<double> matrix(5, 4);
  matrix.insert(1, 2) = 3;
  matrix.insert(4, 0) = 2;
  return matrix;
}

TEST_CASE("eigen: matrices, vectors and arrays arrive equal") {
  const Eigen::MatrixXd matrix = Eigen::MatrixXd::Random(3, 4);
  CHECK(trip(matrix) == matrix);
  const Eigen::VectorXf vector = Eigen::VectorXf::Random(1000);
  CHECK(trip(vector) == vector);
  Eigen::Matrix<std::complex<float>, 2, 3, Eigen::RowMajor> complex;
  complex.setRandom();
  CHECK(trip(complex) == complex);
  const Eigen::ArrayXXi array = Eigen::ArrayXXi::Random(2, 2);
  CHECK((trip(array) == array).all());
  CHECK(trip(Eigen::MatrixXd(0, 3)).cols() == 3);
}

TEST_CASE("eigen: sparse matrices arrive equal, compressed or not") {
  Eigen::SparseMatrix<double> sparse = some_sparse();
  CHECK(Eigen::MatrixXd(trip(sparse)) == Eigen::MatrixXd(sparse));
  sparse.makeCompressed();
  CHECK(Eigen::MatrixXd(trip(sparse)) == Eigen::MatrixXd(sparse));
  Eigen::SparseMatrix<float, Eigen::RowMajor> rows(5, 4);
  rows.insert(1, 2) = 3;
  CHECK(Eigen::MatrixXf(trip(rows)) == Eigen::MatrixXf(rows));
}

TEST_CASE("eigen: an aggregate that holds matrices needs no code") {
  const Fit fit{"fit", Eigen::VectorXd::Ones(3), Eigen::Matrix3d::Identity(), some_sparse()};
  const Fit other = trip(fit);
  CHECK(other.name == "fit");
  CHECK(other.weights == fit.weights);
  CHECK(other.rotation == fit.rotation);
  CHECK(other.sparse.nonZeros() == 2);
}

TEST_CASE("eigen: maps, refs and expressions are refused") {
  CHECK_FALSE(pickle::Picklable<Eigen::Map<Eigen::VectorXd>>);
  CHECK_FALSE(pickle::Picklable<Eigen::Ref<Eigen::VectorXd>>);
  CHECK_FALSE(pickle::Picklable<decltype(Eigen::VectorXd() + Eigen::VectorXd())>);
  CHECK(pickle::Picklable<Eigen::Vector3d>);
}

Eigen::MatrixXd twice(const Eigen::MatrixXd& matrix) { return 2 * matrix; }

TEST_CASE("eigen: functions that return matrices, and enumerations, are what they are") {
  CHECK(trip(&twice) == &twice);
  CHECK(trip(&Eigen::VectorXd::norm) == &Eigen::VectorXd::norm);
  CHECK(trip(Eigen::NoConvergence) == Eigen::NoConvergence);
}

TEST_CASE("eigen: what turns and moves arrives equal") {
  const Eigen::Quaterniond turn(Eigen::AngleAxisd(0.5, Eigen::Vector3d(1, 2, 2).normalized()));
  CHECK(trip(turn).coeffs() == turn.coeffs());
  CHECK(trip(std::vector<Eigen::Quaternionf>(3, Eigen::Quaternionf::Identity())).at(2).w() == 1);
  const Eigen::AngleAxisd angle(turn);
  CHECK(trip(angle).angle() == angle.angle());
  CHECK(trip(angle).axis() == angle.axis());
  CHECK(trip(Eigen::Rotation2Df(0.25F)).angle() == 0.25F);
  CHECK(trip(Eigen::Translation3d(1, 2, 3)).vector() == Eigen::Vector3d(1, 2, 3));
  Eigen::Isometry3d move = Eigen::Isometry3d::Identity();
  move.rotate(turn).translate(Eigen::Vector3d(1, 2, 3));
  CHECK(trip(move).matrix() == move.matrix());
  const Eigen::Affine2f flat(Eigen::Rotation2Df(0.3F));
  CHECK(trip(flat).matrix() == flat.matrix());
  const Eigen::AlignedBox2d box(Eigen::Vector2d(0, 1), Eigen::Vector2d(2, 3));
  CHECK((trip(box).min)() == (box.min)());
  CHECK((trip(box).max)() == (box.max)());
  const Eigen::AlignedBox<double, Eigen::Dynamic> any(Eigen::VectorXd::Zero(4), Eigen::VectorXd::Ones(4));
  CHECK((trip(any).max)() == (any.max)());
}

TEST_CASE("eigen: hostile bytes are an UnpicklingError or a matrix, never more") {
  const Fit fit{"fit", Eigen::VectorXd::Ones(3), Eigen::Matrix3d::Identity(), some_sparse()};
  const auto bytes = pickle::dumps(fit);
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    auto damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    if (i % 5 == 0) damaged.resize(random() % damaged.size());
    try {
      static_cast<void>(pickle::loads<Fit>(damaged));
    } catch (const pickle::UnpicklingError&) {
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

}  // namespace
#endif
