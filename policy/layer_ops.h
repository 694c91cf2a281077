// Short forms of the products that the layers' forward and backward are made of. Internal to policy/.
#pragma once

#include "policy/layer.h"

namespace hone::policy {

// A matrix of activations: row-major, stride in elements.
struct Rows {
  void* data = nullptr;
  int64_t stride = 0;
};

class LayerOps {
 public:
  LayerOps(const Weights& weights, const kernels::Stream& stream, int64_t rows)
      : weights_(weights), backend_(weights.backend()), stream_(stream), rows_(rows) {}

  const kernels::Backend& backend() const { return backend_; }
  const kernels::Stream& stream() const { return stream_; }
  int64_t rows() const { return rows_; }

  // y = start + x w^T with the index-th matrix of m.
  void product(const Matrix& m, Rows x, Rows y, const void* start = nullptr, int64_t index = 0) const {
    kernels::GemmArgs g{x.data, x.stride, weights_.panels(m, index), y.data, y.stride, rows_, m.out, m.in};
    g.start = start;
    g.start_stride = y.stride;
    backend_of(m).gemm(g, stream_);
  }
  // y = bias + x w^T; bias -1: none.
  void biased_product(const Matrix& m, int64_t bias, Rows x, Rows y) const {
    kernels::GemmArgs g{x.data, x.stride, weights_.panels(m), y.data, y.stride, rows_, m.out, m.in};
    g.start = bias >= 0 ? weights_.vector(bias) : nullptr;
    backend_of(m).gemm(g, stream_);
  }
  // y = (residual + bias) + x w^T: a chain starts from one thing only, so the two are added in y first.
  void biased_product(const Matrix& m, int64_t bias, Rows x, Rows y, const void* residual) const {
    if (bias < 0) return product(m, x, y, residual);
    copy({const_cast<void*>(residual), m.out}, y, m.out);
    copy({const_cast<void*>(weights_.vector(bias)), 0}, y, m.out, true);
    product(m, x, y, y.data);
  }
  void grad_bias(int64_t bias, Rows dy, int64_t cols, const Arena& gradient) const {
    if (bias >= 0) backend_.sum_rows({dy.data, dy.stride, gradient.at(bias), rows_, cols}, stream_);
  }
  // dx = start + dy w; with w as it stands, so also the product with w^T of the transposed use.
  void product_transposed(const Matrix& m, Rows dy, Rows dx, const void* start = nullptr, int64_t index = 0) const {
    kernels::GemmArgs g{dy.data, dy.stride, weights_.grad_panels(m, index), dx.data, dx.stride, rows_, m.in, m.out};
    g.start = start;
    g.start_stride = dx.stride;
    backend_of(m).gemm(g, stream_);
  }
  // dw += dy^T x.
  void grad_weight(const Matrix& m, Rows dy, Rows x, const Arena& gradient, int64_t index = 0) const {
    backend_of(m).gemm_grad_weight(
        {dy.data, dy.stride, x.data, x.stride, gradient.at(m.offset + index * m.stride), m.in, rows_, m.out, m.in},
        stream_);
  }
  // Each expert its own rows; offsets [experts + 1].
  void grouped_product(const Matrix& m, Rows x, Rows y, const int32_t* offsets) const {
    kernels::GemmArgs g{x.data, x.stride, weights_.panels(m), y.data, y.stride, 0, m.out, m.in};
    grouped(g, m, offsets, m.panel_stride);
  }
  void grouped_product_transposed(const Matrix& m, Rows dy, Rows dx, const int32_t* offsets) const {
    kernels::GemmArgs g{dy.data, dy.stride, weights_.grad_panels(m), dx.data, dx.stride, 0, m.in, m.out};
    grouped(g, m, offsets, m.grad_stride);
  }
  void grouped_grad_weight(const Matrix& m, Rows dy, Rows x, const int32_t* offsets, const Arena& gradient) const {
    kernels::GemmGradWeightArgs g{dy.data, dy.stride, x.data, x.stride, gradient.at(m.offset), m.in, 0, m.out, m.in};
    g.offsets = offsets;
    g.num_groups = static_cast<int32_t>(m.count);
    g.group_dw_stride = m.stride;
    backend_.gemm_grad_weight(g, stream_);
  }
  void norm(int64_t weight, Rows x, Rows y, int64_t cols, double epsilon, int64_t heads = 1, double limit = 0) const {
    backend_.rms_norm(
        {x.data, weights_.vector(weight), y.data, x.stride, y.stride, rows_, heads, cols, epsilon, limit}, stream_);
  }
  // dx (+)= the gradient at x.
  void norm_backward(int64_t weight, Rows x, Rows dy, Rows dx, int64_t cols, double epsilon, const Arena& gradient,
                     bool accumulate, int64_t heads = 1, double limit = 0) const {
    backend_.rms_norm_backward({x.data, weights_.vector(weight), dy.data, dx.data, gradient.at(weight), x.stride,
                                dy.stride, dx.stride, rows_, heads, cols, epsilon, accumulate, limit},
                               stream_);
  }
  void rotate(Rows x, int64_t heads, int64_t head_stride, const RowBatch& batch, bool inverse) const {
    const ModelConfig& c = weights_.config();
    backend_.rope({x.data, x.stride, head_stride, rows_, heads, c.rope_dim(), batch.positions, batch.rope_table,
                   c.rope_layout, inverse},
                  stream_);
  }
  void copy(Rows from, Rows to, int64_t cols, bool accumulate = false) const {
    backend_.copy({from.data, from.stride, to.data, to.stride, rows_, cols, accumulate}, stream_);
  }
  // A view that starts `cols` elements further right.
  Rows shift(Rows x, int64_t cols) const {
    return {static_cast<char*>(x.data) + cols * static_cast<int64_t>(kernels::size_of(backend_.dtype)), x.stride};
  }

 private:
  const kernels::Backend& backend_of(const Matrix& m) const { return m.wide ? *backend_.wide : backend_; }

  void grouped(kernels::GemmArgs& g, const Matrix& m, const int32_t* offsets, int64_t stride) const {
    g.offsets = offsets;
    g.num_groups = static_cast<int32_t>(m.count);
    g.group_panel_stride = stride;
    backend_.gemm(g, stream_);
  }

  const Weights& weights_;
  const kernels::Backend& backend_;
  const kernels::Stream& stream_;
  const int64_t rows_;
};

// Where queries, keys and values of a layer lie in its buffers (activations or their gradients): the same for both.
struct AttentionBuffers {
  Rows query;                       // as attention takes it
  Rows key_a, key_b, value;
  int64_t key_a_head = 0, key_a_dim = 0, key_b_head = 0, value_head = 0;  // head strides, and the first part's columns
};

}  // namespace hone::policy
