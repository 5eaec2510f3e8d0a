// Numbers of the cells of one grid, whichever way an exporter laid them: [N, cells, C], [N, C, H, W] or [N, H, W, C].
// For heads/*.cpp only.
#pragma once

#include <cstddef>
#include <vector>

#include "algo/heads/settled.h"
#include "algo/heads/tensors.h"

namespace fluvial::heads {

class Field {
 public:
  Field(std::size_t output, int channels) : output_(output), channels_(channels) {}

  // One unit of the output. Throws std::runtime_error unless it holds `cells` cells of the promised channels; its
  // memory is read until the next open().
  void open(const std::vector<TensorView>& outputs, std::size_t unit, std::size_t cells);

  // The same from rows that a GPU chose: cells are rows then, and channels count from the first that came back.
  // `at` is the place in a row.
  void open(const SelectedRows& rows, std::size_t at, RowField::Kind kind);
  // How a GPU finds these channels, as the last whole output lay.
  RowField row_field(int first, int count, RowField::Kind kind = RowField::values, float least = any_value) const;

  float at(std::size_t cell, int channel = 0) const {
    return data_[cell * cell_step_ + static_cast<std::size_t>(channel) * channel_step_];
  }
  int channels() const { return channels_; }

  // Calls found(cell, Best) for cells whose greatest of the channels [first, first + count) reaches `least`.
  template <typename Found>
  void each_above(float least, int first, int count, Found found) {
    if (is_chosen_) {
      for (std::size_t cell = 0; cell < cells_; ++cell) found(cell, greatest_in(data_ + cell * cell_step_));
      return;
    }
    if (channel_step_ != 1) find_best(first, count);
    for (std::size_t cell = 0; cell < cells_; ++cell) {
      const Best best = channel_step_ == 1 ? best_of(data_ + cell * cell_step_ + first, count, least) : best_[cell];
      if (best.value >= least) found(cell, best);
    }
  }

  // Whether the greatest of these channels are logits: a look at 64 cells spread over all, as most show background,
  // whose logits are below 0.
  bool looks_logits(int first, int count) const;

 private:
  void find_best(int first, int count);

  std::size_t output_;
  int channels_;
  const float* data_ = nullptr;
  std::size_t cells_ = 0, cell_step_ = 0, channel_step_ = 0;
  std::size_t whole_cell_step_ = 0, whole_channel_step_ = 0;  // of the last whole output
  bool is_chosen_ = false;                                    // the greatest and its channel are all that is there
  FloatReader reader_;
  std::vector<Best> best_;  // scratch, of maps
};

// Scores that are probabilities, or logits, or whatever the numbers look like.
class Scores {
 public:
  // Takes the option "scores=auto|probabilities|logits". Throws std::invalid_argument for another word.
  Scores(const ModelSpec& spec, const char* head);

  // Before a unit is read.
  void look_at(const Field& field, int first, int count) {
    if (is_auto_) is_logits_ = field.looks_logits(first, count);
    settled_.saw(is_logits_);
  }
  // Whether rows of later frames may be read as the last one was.
  bool are_settled() const { return settled_.is_settled(); }
  float probability(float score) const { return is_logits_ ? sigmoid(score) : score; }
  // The score of a probability: to compare with before a sigmoid is computed.
  float score(float probability) const;
  // No greater than that, whatever is rounded.
  float least_score(float probability) const { return is_logits_ ? least_logit(probability) : probability - 1e-6F; }

 private:
  bool is_auto_, is_logits_;
  Settled<bool> settled_;
};

}  // namespace fluvial::heads
